"""Bringing an import in: each SKU once, a few at a time, whatever happens in between.

`position` moves in the transaction that writes the ledger, so a process that was killed is
followed by one that goes on with the next SKU.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.access.commands import AuditEntry, Write, identify, record
from onhand.access.model import Actor, Asked
from onhand.catalog.commands.bulk import SkusTaken, SkuWant, map_free_listings, take_skus
from onhand.db.bulk import BulkWrite, Part
from onhand.db.errors import TransactionConflict
from onhand.imports.commands.working import Stop, Work
from onhand.imports.model.plan import Action
from onhand.imports.model.states import ImportState
from onhand.imports.queries.counts import count_outcomes
from onhand.imports.tables import file_import, import_change, import_listing
from onhand.stock.model.commands import (
    Adjust,
    AdjustLine,
    AdjustMode,
    Ask,
    Caller,
    Command,
    Line,
    Receive,
)
from onhand.stock.model.events import Reference, ReferenceType, Source
from onhand.stock.model.refusals import Refusal, StockMoved
from onhand.sync.commands.marks import mark_stale

_ATTEMPTS = 8
_STOCK = frozenset({Action.SET, Action.RECEIVE})
_LEFT_OUT = frozenset({Action.BLOCKED, Action.CONFLICT})
_NOTE = BulkWrite(
    Part(
        import_change,
        ("import_id", "number", "outcome", "found_units"),
        key=("import_id", "number"),
        update_only=True,
    )
)


@dataclass(slots=True)
class _Outcomes:
    """What became of a few SKUs, by SKU id; `found` is what was on hand where it had moved."""

    by_sku: dict[str, str] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)


def apply(work: Work) -> None:
    """Bring in what is left of a confirmed import.

    It ends as `applied` or `stopped`; it stays `confirmed` when the process stops. Raises:
        WorkLost: another process does it.
        DatabaseUnavailable, TransactionConflict: the rest may be done again.
    """
    position: int | None = work.position
    total = work.change_count
    while position is not None:
        work.progress.advance(position, total)
        position = _some(work, position)


def _some(work: Work, position: int) -> int | None:
    """Bring in a few SKUs; the new position, None at the end."""
    for _ in range(_ATTEMPTS):
        try:
            with work.database.read() as connection:
                changes = _next(connection, work, position)
                listings = _listings(connection, work.import_id, changes)
            with work.database.begin_ledger() as connection:
                began = time.monotonic()
                stop = work.keep(connection, {})
                if stop is not None or not changes:
                    _finish(connection, work, stop if changes else None)
                    return None
                outcomes = _bring_in(connection, work, changes, listings)
                _note(connection, work, changes, outcomes)
                position = changes[-1].number
                connection.execute(
                    sa.update(file_import)
                    .where(file_import.c.import_id == work.import_id)
                    .values(position=position)
                )
            if work.ledger.at_change is not None:
                work.ledger.at_change()
            work.give_way(began)
            return position
        except TransactionConflict:
            continue  # a deadlock with others' writes, or a code that somebody took
    raise TransactionConflict("too many conflicting transactions")


def _next(connection: sa.Connection, work: Work, position: int) -> Sequence[sa.Row[Any]]:
    change = import_change.c
    return connection.execute(
        sa.select(import_change)
        .where(change.import_id == work.import_id, change.number > position)
        .order_by(change.number)
        .limit(work.pace.skus)
    ).all()


def _listings(
    connection: sa.Connection, import_id: str, changes: Sequence[sa.Row[Any]]
) -> dict[str, int]:
    """The listings to be mapped, and the number of the change they belong to."""
    if not changes:
        return {}
    listing = import_listing.c
    rows = connection.execute(
        sa.select(listing.listing_id, listing.number)
        .where(listing.import_id == import_id, listing.is_to_map)
        .where(listing.number >= changes[0].number, listing.number <= changes[-1].number)
        .order_by(listing.number.desc())  # of two SKUs that want one listing, the first gets it
    )
    return {row.listing_id: row.number for row in rows}


def _bring_in(
    connection: sa.Connection,
    work: Work,
    changes: Sequence[sa.Row[Any]],
    listings: dict[str, int],
) -> _Outcomes:
    outcomes = _Outcomes()
    now = work.clock()
    wanted = [change for change in changes if change.action not in _LEFT_OUT]
    outcomes.by_sku = {
        change.sku_id: "left_out" for change in changes if change.action in _LEFT_OUT
    }
    wants = [_want(change) for change in wanted]
    taken = take_skus(connection, [want for want in wants if want is not None], now=now)
    for sku_id in taken.gone:
        outcomes.by_sku[sku_id] = "moved"
    skus = {change.number: change.sku_id for change in wanted if change.sku_id not in taken.gone}
    to_map = {one: skus[number] for one, number in listings.items() if number in skus}
    mapped = map_free_listings(connection, to_map, now=now, then=partial(mark_stale, now=now))
    _record(connection, work, taken, wants, sorted(mapped))
    stock = [
        change
        for change in wanted
        if change.action in _STOCK and change.sku_id not in outcomes.by_sku
    ]
    _bring_in_stock(connection, work, stock, outcomes)
    return outcomes


def _want(change: sa.Row[Any]) -> SkuWant | None:
    """What is to be written to the catalog for a SKU."""
    if not (change.is_new or change.aliases or change.name or change.image_url):
        return None
    code = change.code if change.is_new else change.sku_id
    aliases = tuple(change.aliases)
    return SkuWant(code, change.is_new, change.name, change.image_url, aliases)


def _bring_in_stock(
    connection: sa.Connection, work: Work, changes: Sequence[sa.Row[Any]], outcomes: _Outcomes
) -> None:
    """All in one command; where one of them is refused, each by itself."""
    if not changes:
        return
    (together,) = work.ledger.execute_within(connection, [_command(work, changes)])
    if not isinstance(together, Refusal):
        return
    each = [_command(work, [change]) for change in changes]
    for change, result in zip(changes, work.ledger.execute_within(connection, each), strict=True):
        if isinstance(result, StockMoved):
            outcomes.by_sku[change.sku_id] = "moved"
            outcomes.found[change.sku_id] = result.on_hand
        elif isinstance(result, Refusal):
            outcomes.by_sku[change.sku_id] = "refused"


def _command(work: Work, changes: Sequence[sa.Row[Any]]) -> Command:
    terms = work.terms
    reference = Reference(ReferenceType.IMPORT, work.import_id)
    ask: Ask
    if terms.adds:
        received = tuple(Line(one.sku_id, one.units, terms.location) for one in changes)
        ask = Receive(received, reason=work.file_name, reference=reference)
    else:
        lines = tuple(
            AdjustLine(one.sku_id, AdjustMode.SET, one.units, terms.location, one.before_units)
            for one in changes
        )
        ask = Adjust(lines, reason=work.file_name, reference=reference)
    caller = Caller(work.confirmed_by or "", Source.IMPORT, work.confirmed_from, touches_all=True)
    return Command(caller, ask, store_id=terms.store)


def _note(
    connection: sa.Connection, work: Work, changes: Sequence[sa.Row[Any]], outcomes: _Outcomes
) -> None:
    rows = [
        (
            *(work.import_id, change.number, outcomes.by_sku.get(change.sku_id, "applied")),
            outcomes.found.get(change.sku_id),
        )
        for change in changes
    ]
    _NOTE.run(connection, rows)


def _record(
    connection: sa.Connection,
    work: Work,
    taken: SkusTaken,
    wants: Iterable[SkuWant | None],
    mapped: Sequence[str],
) -> None:
    """What was written to the catalog, for the audit trail; the ledger keeps its own."""
    after = [want for want in wants if want is not None]
    if not after and not mapped:
        return
    now = work.clock()
    actor = Actor(work.confirmed_by or "", Source.IMPORT.value, work.confirmed_from)
    answer = {"gone": sorted(taken.gone), "refused_aliases": sorted(taken.refused_aliases)}
    entry = AuditEntry(
        request=identify(Asked(actor, now), Write("ImportSkus", work.import_id)),
        actor=actor,
        action="ImportSkus",
        subject=f"import:{work.import_id}",
        recorded_at=now,
        answer=msgspec.json.encode(answer).decode(),
        before=msgspec.json.encode(taken.before).decode(),
        after=msgspec.json.encode({"skus": after, "mapped_listings": mapped}).decode(),
    )
    record(connection, entry)


def _finish(connection: sa.Connection, work: Work, stop: Stop | None) -> None:
    if stop is Stop.LATER:
        work.end(connection, ImportState.CONFIRMED, attempt=0)
        return
    state = ImportState.APPLIED if stop is None else ImportState.STOPPED
    row = file_import.c
    counts = connection.execute(
        sa.select(row.counts).where(row.import_id == work.import_id)
    ).scalar_one()
    outcomes = count_outcomes(connection, work.import_id)
    work.end(
        connection,
        state,
        counts={**counts, "outcomes": outcomes},
        ended_at=work.clock(),
        cancel_asked=False,
        attempt=0,
    )
