"""Groups of movements that can be taken back together, and what would break (S13)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.access.model import Refusal, command_id
from onhand.access.tables import audit_entry
from onhand.db.lookup import select_in
from onhand.db.types import from_row
from onhand.stock.commands.answers import UndoAnswer, UndoPart
from onhand.stock.model.book import Balance, SkuStock
from onhand.stock.model.commands import UndoLine
from onhand.stock.model.events import Reference, ReferenceType
from onhand.stock.model.refusals import (
    Broken,
    NotUndoable,
    PartOfGroup,
    UndoIsFinal,
    UndoNotFound,
)
from onhand.stock.model.undo import (
    UNDOABLE,
    by_sku,
    command_name,
    find_breaks,
    group_name,
    missing_units,
    negate,
    undone_group,
)
from onhand.stock.queries.audit import events_of_command
from onhand.stock.queries.levels import read_levels
from onhand.stock.queries.locations import list_locations

# A file or stocktake by its reference, or one command by its id.
Named = Reference | str

KEY_SPACE = " undo"  # no caller's name begins with a space
_COMMANDS = frozenset({"Receive", "Adjust", "Count", "Transfer"})
_GROUPS = frozenset({ReferenceType.IMPORT, ReferenceType.MANUAL})
_PARTS_AT_ONCE = 32
# The first condition is the index's own.
_EVENTS = sa.text(
    "SELECT command_id, sku_id, generation, location_id, kind, on_hand_change, actor, recorded_at, "
    "reference_type, reference_id FROM stock_event "
    "WHERE reference_type IN ('import', 'manual', 'system') "
    "AND reference_type = :type AND reference_id = :id ORDER BY sku_id, seq"
)
_UNDONE_BY = (
    "SELECT reference_id, min(command_id) FROM stock_event "
    "WHERE reference_id IN {list} AND reference_type IN ('import', 'manual', 'system') "
    "AND reference_type = 'system' AND sku_id = {value} GROUP BY reference_id"
)


@dataclass(frozen=True, slots=True)
class Group:
    """What belongs together, and the changes of on hand that would take it back."""

    name: str
    reference: Reference | None
    commands: frozenset[str]
    actors: tuple[str, ...]
    first_at: datetime
    last_at: datetime
    lines: tuple[UndoLine, ...]


class UndoLineView(msgspec.Struct, frozen=True):
    """What an undo would do to one SKU at one location, in whole units, as things stand.

    `units` is the change of on hand. `shortfall_units` of it are not available any more; where
    the SKU may be oversold that `breaks` nothing. `why` it breaks is as in `UndoAnswer.left_out`;
    what breaks at one location leaves out the SKU at all of them.
    """

    sku: str
    location: str
    units: int
    on_hand: int
    reserved: int
    available: int
    breaks: bool
    why: str | None
    shortfall_units: int


class UndoPreview(msgspec.Struct, frozen=True):
    """What an undo of a group would do now; lines that break come first.

    `undone` tells of the undo that was done already: then nothing is left to do.
    """

    undoes: str
    reference_type: str | None
    reference_id: str | None
    commands: int
    actors: list[str]
    first_recorded_at: datetime
    last_recorded_at: datetime
    skus: int
    broken_skus: int
    units: int
    lines: list[UndoLineView]
    undone: UndoAnswer | None


def preview_undo(
    connection: sa.Connection, named: Named, *, now: datetime
) -> UndoPreview | Refusal:
    """What taking back a group would do, and what it would break, without doing it."""
    group = find_group(connection, named)
    if isinstance(group, Refusal):
        return group
    parts = read_parts(connection, group.name)
    undone = answer_of(group.name, parts) if parts and parts[-1][0].is_last else None
    lines = [] if undone is not None else _preview_lines(connection, group.lines, now)
    return UndoPreview(
        undoes=group.name,
        reference_type=None if group.reference is None else group.reference.type.value,
        reference_id=None if group.reference is None else group.reference.id,
        commands=len(group.commands),
        actors=list(group.actors),
        first_recorded_at=group.first_at,
        last_recorded_at=group.last_at,
        skus=len({line.sku for line in lines}),
        broken_skus=len({line.sku for line in lines if line.breaks}),
        units=sum(line.units for line in lines),
        lines=lines,
        undone=undone,
    )


def find_group(connection: sa.Connection, named: Named) -> Group | Refusal:
    """The group that is named, or why there is none that can be taken back."""
    if isinstance(named, Reference):
        name = group_name(named)
        if undone_group(named.type, named.id) is not None:
            return UndoIsFinal(name)
        if named.type not in _GROUPS:
            return NotUndoable(name, named.type.value)
        return _group(name, named, _events_of(connection, named)) or UndoNotFound(name)
    return _group_of_command(connection, named)


def _group_of_command(connection: sa.Connection, given: str) -> Group | Refusal:
    """A command's own group, or the file or stocktake that is all of this command."""
    name = command_name(given)
    entry = connection.execute(
        sa.select(audit_entry.c.action, audit_entry.c.answer).where(
            audit_entry.c.command_id == given
        )
    ).first()
    if entry is None:
        return UndoNotFound(name)
    if entry.action == "Undo":
        return UndoIsFinal(name)
    if entry.action not in _COMMANDS:
        return NotUndoable(name, entry.action)
    rows = events_of_command(connection, given, entry.answer)
    for row in rows:
        if row.reference_type in _GROUPS:
            reference = Reference(ReferenceType(row.reference_type), row.reference_id)
            whole = _group(group_name(reference), reference, _events_of(connection, reference))
            if whole is not None and whole.commands == {given}:
                return whole
            return PartOfGroup(name, group_name(reference))
    return _group(name, None, rows) or UndoNotFound(name)


def _events_of(connection: sa.Connection, reference: Reference) -> Sequence[sa.Row[Any]]:
    values = {"type": reference.type.value, "id": reference.id}
    return connection.execute(_EVENTS, values).all()


def _group(name: str, reference: Reference | None, rows: Iterable[sa.Row[Any]]) -> Group | None:
    rows = [row for row in rows if row.kind in UNDOABLE]
    if not rows:
        return None
    moments = [moment for row in rows if (moment := from_row(row.recorded_at)) is not None]
    return Group(
        name,
        reference,
        frozenset(row.command_id for row in rows),
        tuple(sorted({row.actor for row in rows})),
        min(moments),
        max(moments),
        tuple(
            negate(
                (row.sku_id, row.generation, row.location_id, row.kind, row.on_hand_change)
                for row in rows
            )
        ),
    )


def part_key(name: str, part: int) -> str:
    """The key under which a part of an undo happens once, whoever asks."""
    return f"{name} {part}" if part else name


def read_parts(connection: sa.Connection, name: str) -> list[tuple[UndoPart, str]]:
    """The parts of a group's undo that were done, in order, each with who asked for it."""
    parts: list[tuple[UndoPart, str]] = []
    while True:
        numbers = range(len(parts), len(parts) + _PARTS_AT_ONCE)
        ids = [command_id(KEY_SPACE, part_key(name, number)) for number in numbers]
        rows = select_in(
            connection,
            "SELECT command_id, answer, actor FROM audit_entry WHERE command_id IN {list}",
            ids,
        )
        found = {row[0]: (msgspec.json.decode(row[1], type=UndoPart), row[2]) for row in rows}
        parts += [found[one] for one in ids if one in found]
        if len(found) < len(ids):
            return parts


def answer_of(name: str, parts: Sequence[tuple[UndoPart, str]]) -> UndoAnswer:
    """What the parts of one undo did together."""
    first, actor = parts[0]
    return UndoAnswer(
        undo_id=first.command_id,
        undoes=name,
        how=first.how,
        recorded_at=first.recorded_at,
        done_by=actor,
        skus=sum(len(part.levels) for part, _ in parts),
        left_out=[broken for part, _ in parts for broken in part.left_out],
    )


def undone_by(connection: sa.Connection, sku_id: str, names: Collection[str]) -> dict[str, str]:
    """By the reference id of their counter-events: which command took groups back at this SKU."""
    if not names:
        return {}
    return {row[0]: row[1] for row in select_in(connection, _UNDONE_BY, names, sku_id)}


def breaks_now(
    connection: sa.Connection, lines: Collection[UndoLine], now: datetime
) -> dict[str, list[Broken]]:
    """What could not be taken back as things stand, by SKU."""
    stocks, places = _standing(connection, lines, now)
    found = {sku: find_breaks(stocks.get(sku), own, places) for sku, own in by_sku(lines)}
    return {sku: breaks for sku, breaks in found.items() if breaks}


def _preview_lines(
    connection: sa.Connection, lines: Collection[UndoLine], now: datetime
) -> list[UndoLineView]:
    stocks, places = _standing(connection, lines, now)
    views: list[UndoLineView] = []
    for sku, own in by_sku(lines):
        stock = stocks.get(sku)
        broken = {item.location: item for item in find_breaks(stock, own, places)}
        missing = {} if stock is None else missing_units(stock, own)
        for line in own:
            balance = Balance() if stock is None else stock.balances.get(line.location, Balance())
            found = broken.get(line.location)
            views.append(
                UndoLineView(
                    sku=sku,
                    location=line.location,
                    units=line.units,
                    on_hand=balance.on_hand,
                    reserved=balance.reserved,
                    available=balance.available,
                    breaks=found is not None,
                    why=None if found is None else found.why,
                    shortfall_units=missing.get(line.location, 0),
                )
            )
    return sorted(views, key=lambda view: not view.breaks)


def _standing(
    connection: sa.Connection, lines: Collection[UndoLine], now: datetime
) -> tuple[dict[str, SkuStock], set[str]]:
    """The SKUs of these lines as they stand, without holds that have ended, and open locations."""
    skus = {line.sku for line in lines}
    heads = select_in(
        connection, "SELECT sku_id, generation FROM ledger_head WHERE sku_id IN {list}", skus
    )
    generations = {row[0]: row[1] for row in heads}
    stocks = {}
    for code, level in read_levels(connection, skus, now=now).items():
        if code != level.sku:
            continue  # was reset, and is another SKU's alias now
        stocks[code] = SkuStock(
            code,
            generation=generations[code],
            allow_oversell=level.allow_oversell,
            on_hand=level.on_hand,
            reserved=level.reserved,
            balances={
                place.location: Balance(place.on_hand, place.reserved) for place in level.locations
            },
        )
    return stocks, {place.location for place in list_locations(connection) if place.active}
