"""Reading what a batch needs, after locking the SKUs it may change."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from onhand.access.commands import new_command_id
from onhand.catalog.queries import find_registered
from onhand.db.lookup import as_list, select_in
from onhand.db.types import from_row, to_text
from onhand.stock.commands.pending import Pending
from onhand.stock.encoding import encode
from onhand.stock.model.book import Balance, Book, Hold, SkuStock
from onhand.stock.model.commands import (
    Adjust,
    ChangeHold,
    Command,
    Count,
    Deduct,
    ExpireHolds,
    Note,
    Policy,
    Receive,
    Release,
    Reserve,
    ResetSku,
    Return,
    SetPolicy,
    Transfer,
    Undo,
)
from onhand.stock.model.events import MAIN_LOCATION, Reference, ReferenceType

_LOCK = {"sqlite": "", "postgresql": " FOR NO KEY UPDATE"}
_LEVEL = "on_hand, reserved, shortfall, version"
# Heads with their levels, a row each; first answers; and the active locations.
_STOCKS = (
    "WITH head AS (SELECT sku_id, generation, version, hash, allow_oversell, safety_stock, "
    "low_stock_threshold, next_expiry_at, counted_at, recorded_at, registered, on_hand, reserved "
    "FROM ledger_head WHERE sku_id IN {list} ORDER BY sku_id{lock}) "
    "SELECT head.*, location_id, l.on_hand, l.reserved, l.shortfall, l.version "
    "FROM head LEFT JOIN stock_level l ON l.sku_id = head.sku_id UNION ALL "
    "SELECT command_id, NULL, NULL, request_hash, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
    "NULL, NULL, answer, NULL, NULL, NULL, NULL FROM audit_entry "
    "WHERE command_id IN {list} UNION ALL "
    "SELECT NULL, priority, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
    "NULL, NULL, location_id, NULL, NULL, NULL, NULL FROM location WHERE active"
)
_HOLDS = (
    "SELECT reservation_id, sku_id, generation, location_id, holder, owner, reference_type, "
    "reference_id, expires_at, created_at, units_reserved, units_held, units_shipped, "
    "units_returned, state FROM reservation WHERE {condition} ORDER BY created_at, reservation_id"
)


Answers = dict[str, tuple[str, str]]  # request hash and first answer by command id


@dataclass(slots=True)
class Page:
    """The loaded book, first answers of keys seen before, and codes nobody has resolved yet."""

    book: Book
    answers: Answers
    unresolved: set[str]


@dataclass(slots=True)
class _Needs:
    """What the commands of a batch name."""

    codes: set[str]
    sku_ids: set[str]
    references: set[Reference]
    reservation_ids: set[str]
    owners: set[str]


def load(
    connection: sa.Connection,
    pending: Sequence[Pending],
    *,
    names: dict[str, str],
    clock: Callable[[], datetime],
    policy: Policy,
) -> Page:
    """Lock the batch's SKUs in sorted order and read levels and holds as they are then.

    `names` maps codes resolved before to SKU ids ("" for unknown). The clock is read after the
    locks are held, so that time never runs backwards along one SKU's chain.
    """
    needs = _needs(pending, policy)
    held_skus = _skus_of_holds(connection, needs)
    wanted = {names.get(code, code) for code in needs.codes} | held_skus | needs.sku_ids
    found = _lock_stocks(connection, wanted - {""}, pending)
    stocks = found.stocks
    unresolved = {
        code
        for code in needs.codes
        if code not in names and not (code in stocks and stocks[code].registered)
    }
    book = Book(
        stocks.values(),
        now=clock(),
        locations=tuple(location_id for _, _, location_id in sorted(found.locations)),
        policy=policy,
        batch_id=new_command_id(),
    )
    book.names = names
    book.encode = encode
    if not unresolved:
        _load_holds(connection, book, needs)
    return Page(book, found.answers, unresolved)


def resolve(connection: sa.Connection, codes: Iterable[str]) -> dict[str, str]:
    """Map codes to the SKU ids the catalog knows them by; unknown ones to ""."""
    found = find_registered(connection, codes)
    return {code: found[code][0] if code in found else "" for code in codes}


def _needs(pending: Sequence[Pending], policy: Policy) -> _Needs:
    needs = _Needs(set(), set(), set(), set(), set())
    for item in pending:
        _add_needs(needs, item.command, policy)
    return needs


_WITH_LINES = (Reserve, Release, Deduct, Return, Receive, Adjust, Count, Transfer)
_OF_HOLDS = (Release, Deduct, Return)


def _add_needs(needs: _Needs, command: Command, policy: Policy) -> None:
    ask = command.ask
    if isinstance(ask, _WITH_LINES):
        for line in ask.lines:
            needs.codes.add(line.sku)
    if isinstance(ask, _OF_HOLDS):
        needs.references.add(ask.reference)
    elif isinstance(ask, ChangeHold):
        needs.reservation_ids.add(ask.reservation_id)
    elif isinstance(ask, ExpireHolds | Note):
        needs.codes.update(ask.skus)
    elif isinstance(ask, SetPolicy | ResetSku):
        needs.codes.add(ask.sku)
    elif isinstance(ask, Undo):
        needs.sku_ids.update(line.sku for line in ask.lines)
    elif isinstance(ask, Reserve) and policy.max_held_units_per_owner is not None:
        needs.owners.add(ask.owner)


def _skus_of_holds(connection: sa.Connection, needs: _Needs) -> set[str]:
    """SKUs to lock because a reference or reservation is named without its SKUs."""
    found: set[str] = set()
    if needs.references:
        rows = select_in(
            connection,
            "SELECT DISTINCT sku_id FROM reservation WHERE reference_id IN {list}",
            {reference.id for reference in needs.references},
        )
        found.update(row[0] for row in rows)
    if needs.reservation_ids:
        rows = select_in(
            connection,
            "SELECT sku_id FROM reservation WHERE reservation_id IN {list}",
            needs.reservation_ids,
        )
        found.update(row[0] for row in rows)
    return found


@dataclass(slots=True)
class _Found:
    """What is locked, active locations by priority, and first answers as `Page` has them."""

    stocks: dict[str, SkuStock] = field(default_factory=dict)
    locations: list[tuple[bool, int, str]] = field(default_factory=list)
    answers: Answers = field(default_factory=dict)
    behind: set[str] = field(default_factory=set)  # SKUs whose levels are older than their heads


def _lock_stocks(
    connection: sa.Connection, sku_ids: set[str], pending: Sequence[Pending]
) -> _Found:
    """Lock heads and read the rest in one statement.

    Where it had to wait for a lock, it sees heads as they are then and all else as it was before:
    levels that lack their head's last event are read again.
    """
    keyed = [item.command_id for item in pending if item.command.idempotency_key is not None]
    statement = _STOCKS.replace("{lock}", _LOCK[connection.dialect.name])
    found = _Found()
    for row in select_in(connection, statement, sku_ids, as_list(keyed)):
        if row[2] is not None:
            _add_stock(found, row)
        elif row[0] is not None:
            found.answers[row[0]] = (row[3], row[13])
        else:
            found.locations.append((row[13] != MAIN_LOCATION, row[1], row[13]))
    if found.behind:
        again = select_in(
            connection,
            f"SELECT sku_id, location_id, {_LEVEL} FROM stock_level WHERE sku_id IN {{list}}",  # noqa: S608 — fixed names
            found.behind,
        )
        for sku_id, location_id, *level in again:
            balance = found.stocks[sku_id].balances[location_id] = Balance(*level)
            balance.stored = True
    return found


def _add_stock(found: _Found, row: Sequence[Any]) -> None:
    sku_id, version, level_version = row[0], row[2], row[17]
    stock = found.stocks.get(sku_id)
    if stock is None:
        stock = found.stocks[sku_id] = _stock(row)
        if version:
            found.behind.add(sku_id)
    if level_version is not None:
        stock.balances[row[13]] = Balance(row[14], row[15], row[16], level_version, stored=True)
        if level_version == version:
            found.behind.discard(sku_id)


def _stock(row: Sequence[Any]) -> SkuStock:
    recorded_at = from_row(row[9])
    stock = SkuStock(
        sku_id=row[0],
        generation=row[1],
        version=row[2],
        hash=row[3],
        allow_oversell=bool(row[4]),
        safety_stock=row[5],
        low_stock_threshold=row[6],
        next_expiry_at=from_row(row[7]),
        counted_at=from_row(row[8]),
        recorded_at=to_text(recorded_at) if recorded_at else "",
        registered=bool(row[10]),
        on_hand=row[11],
        reserved=row[12],
    )
    stock.stored_terms = stock.terms()
    return stock


def first_answers(connection: sa.Connection, command_ids: Iterable[str]) -> Answers:
    """What commands that were done before were answered, by their ids."""
    rows = select_in(
        connection,
        "SELECT command_id, request_hash, answer FROM audit_entry WHERE command_id IN {list}",
        command_ids,
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def _load_holds(connection: sa.Connection, book: Book, needs: _Needs) -> None:
    if needs.references:
        _add_holds(connection, book, "reference_id IN {list}", {ref.id for ref in needs.references})
    if needs.reservation_ids:
        _add_holds(connection, book, "reservation_id IN {list}", needs.reservation_ids)
    if needs.owners:
        _add_holds(connection, book, "units_held > 0 AND owner IN {list}", needs.owners)
    due = {
        stock.sku_id
        for stock in book.stocks.values()
        if stock.next_expiry_at is not None and stock.next_expiry_at <= book.now
    }
    if due:
        _load_due(connection, book, due)


def _load_due(connection: sa.Connection, book: Book, skus: set[str]) -> None:
    moment = to_text(book.now)
    due = "sku_id IN {list} AND units_held > 0 AND expires_at <= {value}"
    _add_holds(connection, book, due, skus, moment)
    rows = select_in(
        connection,
        "SELECT sku_id, min(expires_at) FROM reservation "
        "WHERE sku_id IN {list} AND units_held > 0 AND expires_at > {value} GROUP BY sku_id",
        skus,
        moment,
    )
    next_ends = {sku_id: from_row(end) for sku_id, end in rows}
    for sku_id in skus:
        book.stocks[sku_id].next_expiry_at = next_ends.get(sku_id)
        book.touched_stocks.add(sku_id)


def _add_holds(
    connection: sa.Connection, book: Book, condition: str, values: Iterable[str], *others: str
) -> None:
    rows = select_in(connection, _HOLDS.replace("{condition}", condition), values, *others)
    for row in rows:
        book.add_hold(_hold(row))


def _hold(row: Sequence[Any]) -> Hold:
    created_at = from_row(row[9])
    assert created_at is not None
    reference = Reference(ReferenceType(row[6]), row[7])
    who = row[:6]
    hold = Hold(*who, reference, from_row(row[8]), created_at)  # type: ignore[call-arg]
    hold.units_reserved, hold.units_held = row[10:12]
    hold.units_shipped, hold.units_returned, hold.state = row[12:]
    hold.stored = True
    return hold
