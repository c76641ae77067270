"""Taking orders in: one order, one transaction, one effect (O1–O3)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from onhand.catalog.queries.listings import find_listings
from onhand.channels.port import ChannelOrder, ListingKey
from onhand.db.errors import DatabaseUnavailable, TransactionConflict
from onhand.db.lookup import select_in
from onhand.orders.commands import rows
from onhand.orders.commands.desk import Findings, entry_changes
from onhand.orders.commands.effects import LedgerRefused, move_stock, tell_beliefs
from onhand.orders.commands.rows import Changes, OrderKey, Recorded, storable
from onhand.orders.model.decide import Account, CountedLine, SkuKey, applied, decide
from onhand.orders.model.desk import EntryKind, causes_of
from onhand.orders.model.sights import SeenLine, Sighting, State
from onhand.orders.model.watch import next_read
from onhand.orders.tables import channel_order, order_line
from onhand.stock.commands import Ledger
from onhand.sync.model.fence import Waits

_ATTEMPTS = 8
_WAITS = Waits()
Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of a sight of an order.

    `changed` is False when it showed nothing new. `shortfall` are the units missing by SKU that
    this sight brought to light; `problems` the kinds of the entries on the desk that it opened.
    """

    order_id: str
    is_new: bool
    changed: bool
    shortfall: Mapping[str, int]
    problems: tuple[EntryKind, ...] = ()


def take_in(
    ledger: Ledger, store_id: str, order: ChannelOrder, *, now: datetime, confirm: bool = True
) -> TakenIn:
    """Record an order as its shop showed it and do to stock and beliefs what that asks.

    The newest sight wins by `read_at`; an older one, or the same again, changes nothing. With
    `confirm` an order that the shop waits for is due to be confirmed at once. Raises:
        DatabaseUnavailable: nothing was taken in; the same call may be repeated.
    """
    key = OrderKey(store_id, storable(order.order_id))
    sight = rows.sighting(order)

    def attempt(connection: sa.Connection, apart: bool) -> TakenIn:
        work = _Work(connection, ledger, key, now=now, apart=apart)
        if rows.insert(connection, key, sight, now=now, plans=_plans(sight, None, now, confirm)):
            message = rows.message_row("first", sight, order.raw)
            return work.settle(sight, None, Changes(messages=[message]))
        row = rows.lock(connection, key)
        assert row is not None
        known = rows.version_of(row)
        if not sight.version.is_newer_than(known):
            return TakenIn(key.order_id, False, False, {})
        recorded = rows.load(connection, key, row)
        plans = _plans(sight, recorded, now, confirm)
        is_same = sight.version.shows_the_same(known)
        rows.update(connection, key, _news(sight, recorded, plans, None if is_same else now))
        if is_same and not recorded.is_refused:
            return TakenIn(key.order_id, False, False, {})
        message = rows.message_row("newest", sight, order.raw)
        return work.settle(sight, recorded, Changes(messages=[] if is_same else [message]))

    return _until_done(ledger, attempt)


def retry_unmapped(ledger: Ledger, store_id: str, *, now: datetime, limit: int) -> list[TakenIn]:
    """Hold what orders could not, because nobody knew their listings: at most `limit` orders.

    Call it again while it returns as many. Raises:
        DatabaseUnavailable: orders done so far stay done; repeat the call.
    """
    with ledger.database.read() as connection:
        order_ids = _mapped_since(connection, store_id, limit)
    return [_settle_again(ledger, OrderKey(store_id, order_id), now) for order_id in order_ids]


def _settle_again(ledger: Ledger, key: OrderKey, now: datetime) -> TakenIn:
    def attempt(connection: sa.Connection, apart: bool) -> TakenIn:
        row = rows.lock(connection, key)
        assert row is not None
        recorded = rows.load(connection, key, row)
        lines = rows.load_lines(connection, key)
        sight = Sighting(State(row.state), row.status, row.ordered_at, row.read_at, lines)
        work = _Work(connection, ledger, key, now=now, apart=apart)
        return work.settle(sight, recorded, Changes())

    return _until_done(ledger, attempt)


def _until_done(ledger: Ledger, attempt: Callable[[sa.Connection, bool], Outcome]) -> Outcome:
    apart = False
    for _ in range(_ATTEMPTS):
        try:
            with ledger.database.begin_ledger() as connection:
                return attempt(connection, apart)
        except TransactionConflict:
            continue  # another process won a key or a lock; what it wrote is visible now
        except LedgerRefused:
            apart = True
    raise DatabaseUnavailable("too many conflicting transactions")


def _plans(
    sight: Sighting, recorded: Recorded | None, now: datetime, confirm: bool
) -> dict[str, datetime | None]:
    """When the order is to be read again and to be confirmed."""
    is_placed = sight.state is State.PLACED
    since, due_at = sight.read_at, None
    if recorded is not None:
        since = recorded.state_since if recorded.version.state is sight.state else since
        due_at = recorded.confirm_due_at if is_placed else None
    may_confirm = is_placed and confirm and (recorded is None or recorded.awaits_confirmation)
    return {
        "next_read_at": next_read(sight.state, since=since, read_at=sight.read_at),
        "confirm_due_at": due_at or (now if may_confirm else None),
    }


def _news(
    sight: Sighting,
    recorded: Recorded,
    plans: Mapping[str, datetime | None],
    changed_at: datetime | None,
) -> dict[str, Any]:
    """What a newer sight changes in the order's own row; `changed_at` None: it shows the same."""
    if changed_at is None:
        return {"read_at": sight.read_at, "next_read_at": plans["next_read_at"]}
    stays = recorded.version.state is sight.state
    return {
        "state": sight.state.value,
        "status": sight.status,
        "state_since": recorded.state_since if stays else sight.read_at,
        "ordered_at": sight.ordered_at,
        "changed_at": changed_at,
        "read_at": sight.read_at,
        "fingerprint": sight.version.fingerprint,
        **plans,
    }


class _Work:
    """One order in one transaction, its row locked."""

    def __init__(
        self,
        connection: sa.Connection,
        ledger: Ledger,
        key: OrderKey,
        *,
        now: datetime,
        apart: bool,
    ) -> None:
        """`apart`: the ledger refused something; ask for every SKU by itself."""
        self.connection = connection
        self.ledger = ledger
        self.key = key
        self.now = now
        self.apart = apart

    def settle(self, sight: Sighting, recorded: Recorded | None, changes: Changes) -> TakenIn:
        """Make stock, beliefs and the desk what this newest sight asks, and write it down."""
        known = recorded.skus if recorded else {}
        all_stock = recorded.stock if recorded else {}
        lives, lines = self._count(sight.lines, known, all_stock)
        account = Account(
            recorded.version.state if recorded else None,
            {sku: moved for sku, moved in all_stock.items() if lives.get(sku.sku_id) == sku[1]},
            recorded.told if recorded else {},
        )
        plan = decide(account, sight.state, lines)
        done = move_stock(self.connection, self.ledger, self.key, plan, apart=self.apart)
        tell_beliefs(self.connection, plan, ordered_at=sight.ordered_at, now=self.now, waits=_WAITS)
        stock = applied(account.stock, done.moves)
        causes = [*causes_of(sight.state, sight.status, lines, stock), *done.refusals]
        found = Findings(sight.state, stock, causes, done.missing)
        entries = entry_changes(recorded.entries if recorded else (), found, now=self.now)
        changes.lines = lines
        changes.stock = {sku: now for sku, now in stock.items() if all_stock.get(sku) != now}
        changes.told = {key: n for key, n in plan.told.items() if account.told.get(key, 0) != n}
        changes.entries = entries
        if changes.messages:
            changes.sights = [rows.sight_row(sight, self.now)]
        if recorded:
            rows.delete_lines(self.connection, self.key)
        if bool(done.refusals) != bool(recorded and recorded.is_refused):
            rows.update(self.connection, self.key, {"is_refused": bool(done.refusals)})
        rows.write(self.connection, self.key, changes)
        opened = tuple(
            EntryKind(entry.kind)
            for entry in entries
            if entry.closed_at is None and entry.opened_at == self.now
        )
        return TakenIn(self.key.order_id, recorded is None, True, done.missing, opened)

    def _count(
        self,
        lines: Iterable[SeenLine],
        known: Mapping[tuple[str, str], SkuKey],
        stock: Iterable[SkuKey],
    ) -> tuple[dict[str, int], list[CountedLine]]:
        """The lines with what they mean, and the lives of all SKUs that matter here.

        A line keeps the SKU it was first found to mean, whatever becomes of its listing later.
        """
        lines = list(lines)
        keys = {ListingKey(line.item, line.variant) for line in lines}
        refs = find_listings(self.connection, self.key.store_id, keys)
        sku_ids = {ref.sku_id for ref in refs.values() if ref.sku_id is not None}
        sku_ids.update(sku.sku_id for sku in (*known.values(), *stock))
        lives = _lives(self.connection, sku_ids)
        counted = []
        for line in lines:
            ref = refs.get(ListingKey(line.item, line.variant))
            sku = known.get((line.item, line.variant))
            if sku is None or lives.get(sku.sku_id) != sku.generation:
                sku_id = ref.sku_id if ref else None
                sku = SkuKey(sku_id, lives[sku_id]) if sku_id in lives else None
            counted.append(CountedLine(line, ref.listing_id if ref else None, sku))
        return lives, counted


def _lives(connection: sa.Connection, sku_ids: Iterable[str]) -> dict[str, int]:
    """The generations of those SKUs that are registered."""
    found = select_in(
        connection,
        "SELECT sku_id, generation FROM ledger_head WHERE registered AND sku_id IN {list}",
        set(sku_ids),
    )
    return dict(found)


def _mapped_since(connection: sa.Connection, store_id: str, limit: int) -> list[str]:
    """Orders with lines nobody knew when they were taken in, whose listings mean a SKU now."""
    line, order = order_line.c, channel_order.c
    unknown = (
        sa.select(line.item_key, line.variant_key, line.order_id)
        .join(
            channel_order, sa.and_(order.store_id == line.store_id, order.order_id == line.order_id)
        )
        .where(line.store_id == store_id, line.sku_id.is_(None))
        .where(order.state.not_in([State.CANCELLED, State.ODD]))
        .order_by(order.ordered_at, line.order_id)
    )
    found = connection.execute(unknown).all()
    keys = {ListingKey(item, variant) for item, variant, _ in found}
    refs = find_listings(connection, store_id, keys)
    lives = _lives(connection, {ref.sku_id for ref in refs.values() if ref.sku_id is not None})
    mapped = {key for key, ref in refs.items() if ref.sku_id in lives}
    order_ids = dict.fromkeys(row[2] for row in found if ListingKey(*row[:2]) in mapped)
    return list(order_ids)[:limit]
