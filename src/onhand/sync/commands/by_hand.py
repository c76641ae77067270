"""What a person has done about numbers at shops: told anew, tried again, repaired (Y6, Y9)."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from onhand.access.commands import Change, Write, write_once
from onhand.access.model import Accepted, Asked, Refusal, has_control_characters
from onhand.catalog.model.stores import StoreNotFound, is_valid_store, normalise_store
from onhand.catalog.queries import find_registered
from onhand.catalog.tables import listing, store
from onhand.db.database import Database
from onhand.db.errors import TransactionConflict
from onhand.stock.model.refusals import UnknownSku
from onhand.sync.commands import drifts
from onhand.sync.commands.marks import ask_to_read, mark_stale
from onhand.sync.model.refusals import DriftNotFound, PushNotFound
from onhand.sync.tables import drift, listing_push

_AT_ONCE = 1000


def push_anew(
    database: Database, asked: Asked, store_id: str | None, *, sku: str | None = None
) -> Accepted | Refusal:
    """Have the mapped listings of a store (None: every store's) planned and told anew.

    With `sku` (a code or an alias) only those of this SKU. The answer counts them by store. They
    are marked a thousand at a time, so that a large store does not keep other writes waiting;
    asking again with the same key marks them again, which harms nothing. Raises:
        DatabaseUnavailable: not all of them may be marked; ask again.
    """
    wanted = None if store_id is None else normalise_store(store_id)

    def run(connection: sa.Connection) -> Change | Refusal:
        chosen = _chosen(connection, wanted, sku)
        if isinstance(chosen, Refusal):
            return chosen
        by_store = Counter(of_store for _, of_store in chosen)
        answer = {"marked": len(chosen), "stores": dict(sorted(by_store.items())), "sku": sku}
        return Change(f"sync:{wanted or 'all'}", answer)

    write = Write("PushAnew", [wanted, sku])
    result = write_once(database, asked, write, run)
    if isinstance(result, Accepted):
        with database.read() as connection:
            chosen = _chosen(connection, wanted, sku)
        _mark(database, [] if isinstance(chosen, Refusal) else [row[0] for row in chosen], asked)
    return result


def retry(database: Database, asked: Asked, listing_id: str) -> Accepted | Refusal:
    """Have a listing that failed read and told again, with all its tries.

    The answer names the listing and its store. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    if has_control_characters(listing_id):
        return PushNotFound(listing_id)

    def run(connection: sa.Connection) -> Change | Refusal:
        row = _failed(connection, listing_id)
        if row is None:
            return PushNotFound(listing_id)
        ask_to_read(connection, [listing_id], now=asked.now)
        before = {"tries": row.tries, "failure": row.failure, "failed_at": row.failed_at}
        answer = {"listing": listing_id, "store": row.store_id}
        return Change(f"listing:{row.store_id}:{listing_id}", answer, before=before)

    write = Write("RetryPush", listing_id)
    return write_once(database, asked, write, run)


def retry_all(database: Database, asked: Asked, store_id: str | None = None) -> Accepted | Refusal:
    """The same for listings that were given up, of a store or (None) of all; at most a thousand.

    The answer counts those taken and those `left`. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    wanted = None if store_id is None else normalise_store(store_id)

    def run(connection: sa.Connection) -> Change:
        own = listing_push.c
        given_up = (
            sa.select(own.listing_id)
            .join(listing, listing.c.listing_id == own.listing_id)
            .where(own.failed_at.is_not(None), listing.c.sku_id.is_not(None))
        )
        if wanted is not None:
            given_up = given_up.where(own.store_id == wanted)
        count = sa.select(sa.func.count()).select_from(given_up.subquery())
        number = connection.execute(count).scalar_one()
        oldest = given_up.order_by(own.failed_at, own.listing_id).limit(_AT_ONCE)
        taken = list(connection.execute(oldest).scalars())
        ask_to_read(connection, taken, now=asked.now)
        answer = {"retried": len(taken), "left": number - len(taken)}
        return Change(f"sync:{wanted or 'all'}", answer)

    write = Write("RetryAllPushes", wanted)
    return write_once(database, asked, write, run)


def repair(database: Database, asked: Asked, listing_id: str) -> Accepted | Refusal:
    """Have the shop told its number although somebody changed it there; closes the drift.

    The answer names the listing, its store and the drift. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    if has_control_characters(listing_id):
        return DriftNotFound(listing_id)

    def run(connection: sa.Connection) -> Change | Refusal:
        chosen = (drift.c.listing_id == listing_id) & drift.c.closed_at.is_(None)
        row = connection.execute(sa.select(drift).where(chosen)).first()
        if row is None:
            return DriftNotFound(listing_id)
        drifts.repair(connection, [listing_id], now=asked.now)
        before = {"believed": row.believed, "shown": row.shown, "cause": row.cause}
        answer = {"listing": listing_id, "store": row.store_id, "drift": row.drift_id}
        return Change(f"listing:{row.store_id}:{listing_id}", answer, before=before)

    write = Write("RepairDrift", listing_id)
    return write_once(database, asked, write, run)


def _chosen(
    connection: sa.Connection, store_id: str | None, sku: str | None
) -> list[tuple[str, str]] | Refusal:
    """The mapped listings that are asked for, with their stores."""
    own = listing.c
    statement = sa.select(own.listing_id, own.store_id).order_by(own.listing_id)
    if store_id is not None:
        known = sa.select(store.c.store_id).where(store.c.store_id == store_id)
        if not is_valid_store(store_id) or connection.execute(known).first() is None:
            return StoreNotFound(store_id)
        statement = statement.where(own.store_id == store_id)
    if sku is None:
        statement = statement.where(own.sku_id.is_not(None))
    else:
        found = find_registered(connection, [sku])
        if not found:
            return UnknownSku((sku,))
        statement = statement.where(own.sku_id == found[sku][0])
    return [(row.listing_id, row.store_id) for row in connection.execute(statement)]


def _failed(connection: sa.Connection, listing_id: str) -> sa.Row[Any] | None:
    """The state of a mapped listing of which a push failed and was not done since."""
    own = listing_push.c
    statement: sa.Select[Any] = (
        sa.select(own.store_id, own.tries, own.failure, own.failed_at)
        .join(listing, listing.c.listing_id == own.listing_id)
        .where(own.listing_id == listing_id, listing.c.sku_id.is_not(None))
        .where(own.failed_at.is_not(None) | (own.tries > 0))
        .with_for_update(of=listing_push)
    )
    return connection.execute(statement).first()


def _mark(database: Database, listing_ids: Sequence[str], asked: Asked) -> None:
    for start in range(0, len(listing_ids), _AT_ONCE):
        while True:
            try:
                with database.begin() as connection:
                    page = listing_ids[start : start + _AT_ONCE]
                    mark_stale(connection, page, now=asked.now)
            except TransactionConflict:
                continue
            break
