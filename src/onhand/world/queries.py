"""What the world reads of Onhand's tables: when there is work, and what was done in all."""

from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from onhand.catalog.tables import listing
from onhand.db.database import Database
from onhand.orders.tables import channel_order
from onhand.stock.tables import reservation, stock_event
from onhand.sync.tables import drift, listing_push, push


class HeldRow(NamedTuple):
    """Units of one SKU that the ledger holds and has shipped for one reference."""

    reference: str
    sku: str
    held: int
    shipped: int


class PushRow(NamedTuple):
    """One settled push."""

    store: str
    outcome: str
    waited_s: float | None


class Told(NamedTuple):
    """A settled push: since when a change had waited for it, until when, and whether it arrived."""

    stale_at: datetime
    settled_at: datetime
    is_delivered: bool


class ListingRow(NamedTuple):
    """A mapped listing and what sync knows of it."""

    store: str
    item: str
    variant: str
    sku: str
    listing_id: str


def _named(column: sa.Column[datetime], condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return sa.select(sa.func.min(column).label("at")).where(column > sa.bindparam("now"), condition)


_STATE, _ORDER = listing_push.c, channel_order.c
_NEXT_WORK = sa.select(
    sa.func.min(
        sa.union_all(
            _named(_STATE.read_after, _STATE.doubt.is_not(None)),
            _named(_STATE.push_until, _STATE.push_id.is_not(None)),
            _named(_STATE.retry_at, _STATE.stale_at.is_not(None)),
            _named(_ORDER.confirm_due_at, _ORDER.confirm_due_at.is_not(None)),
        )
        .subquery()
        .c.at
    )
)


def next_work_at(database: Database, *, now: datetime) -> datetime | None:
    """The next moment after `now` that a row waits for; None: none does."""
    with database.read() as connection:
        return connection.execute(_NEXT_WORK, {"now": now}).scalar()


def unsettled(database: Database, store_id: str | None = None) -> int:
    """Listings that are to be planned, read or settled, in a store or (None) in all."""
    state = listing_push.c
    waits = state.stale_at.is_not(None) | state.doubt.is_not(None) | state.push_id.is_not(None)
    statement = sa.select(sa.func.count()).select_from(listing_push).where(waits)
    if store_id is not None:
        statement = statement.where(state.store_id == store_id)
    with database.read() as connection:
        return int(connection.execute(statement).scalar_one())


def mapped_listings(database: Database) -> list[ListingRow]:
    """Every listing that means a SKU."""
    columns = (
        listing.c.store_id,
        listing.c.item_key,
        listing.c.variant_key,
        listing.c.sku_id,
        listing.c.listing_id,
    )
    statement = sa.select(*columns).where(listing.c.sku_id.is_not(None)).order_by(*columns[:3])
    with database.read() as connection:
        return [ListingRow(*row) for row in connection.execute(statement)]


def available_units(database: Database) -> dict[str, int]:
    """Units of each SKU that are on hand and not held, added up from the events."""
    event = stock_event.c
    total = sa.func.sum(event.on_hand_change) - sa.func.sum(event.reserved_change)
    with database.read() as connection:
        rows = connection.execute(sa.select(event.sku_id, total).group_by(event.sku_id))
        return {sku: int(units) for sku, units in rows}


def held_units(database: Database) -> list[HeldRow]:
    """What every order holds and has shipped, by the ledger."""
    hold = reservation.c
    statement = sa.select(
        hold.reference_id,
        hold.sku_id,
        sa.func.sum(hold.units_held),
        sa.func.sum(hold.units_shipped),
    ).group_by(hold.reference_id, hold.sku_id)
    with database.read() as connection:
        return [
            HeldRow(reference, sku, int(held), int(shipped))
            for reference, sku, held, shipped in connection.execute(statement)
        ]


def known_orders(database: Database) -> set[tuple[str, str]]:
    """Store and id of every order that was taken in."""
    with database.read() as connection:
        rows = connection.execute(sa.select(channel_order.c.store_id, channel_order.c.order_id))
        return {(store, order) for store, order in rows}


def learned_at(database: Database) -> dict[tuple[str, str], datetime]:
    """When each order was taken in, by store and id."""
    order = channel_order.c
    with database.read() as connection:
        rows = connection.execute(sa.select(order.store_id, order.order_id, order.first_seen_at))
        return {(store, order_id): seen_at for store, order_id, seen_at in rows}


def told_late(database: Database) -> dict[tuple[str, str], list[Told]]:
    """By store and SKU: how each change that waited was told."""
    columns = (push.c.store_id, listing.c.sku_id, push.c.stale_at, push.c.settled_at)
    statement = (
        sa.select(*columns, push.c.outcome)
        .join(listing, listing.c.listing_id == push.c.listing_id)
        .where(push.c.stale_at.is_not(None))
        .order_by(push.c.settled_at)
    )
    found: dict[tuple[str, str], list[Told]] = {}
    with database.read() as connection:
        for store, sku, stale_at, settled_at, outcome in connection.execute(statement):
            told = Told(stale_at, settled_at, outcome == "delivered")
            found.setdefault((store, sku), []).append(told)
    return found


def pushes(database: Database, *, since: datetime) -> list[PushRow]:
    """Every push settled since a moment, and how long the change had waited for it."""
    columns = (push.c.store_id, push.c.outcome, push.c.stale_at, push.c.settled_at)
    with database.read() as connection:
        return [
            PushRow(store, outcome, None if stale is None else (settled - stale).total_seconds())
            for store, outcome, stale, settled in connection.execute(
                sa.select(*columns).where(push.c.settled_at >= since)
            )
        ]


def drifts(database: Database) -> dict[str, int]:
    """How often each cause was found, and how it ended."""
    columns = (drift.c.cause, drift.c.closed_how)
    statement = sa.select(*columns, sa.func.count()).group_by(*columns).order_by(*columns)
    with database.read() as connection:
        rows = connection.execute(statement)
        return {f"{cause}, {how or 'open'}": int(count) for cause, how, count in rows}
