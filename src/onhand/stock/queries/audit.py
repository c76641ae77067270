"""What stock commands in the audit trail changed, from the events they left."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.access.queries import AuditView


class _Level(msgspec.Struct, frozen=True):
    sku: str
    version: int


class _Answer(msgspec.Struct, frozen=True):
    levels: list[_Level] = []


class Balance(msgspec.Struct, frozen=True):
    """Whole units of one SKU at one location."""

    sku: str
    location: str
    on_hand: int
    reserved: int


class Balances(msgspec.Struct, frozen=True):
    """What a command found, or left, at every level it changed."""

    levels: list[Balance]


def with_balances(connection: sa.Connection, entries: Sequence[AuditView]) -> list[AuditView]:
    """The entries, those of stock commands with the balances before and after them."""
    last: list[tuple[str, str, int]] = []
    for entry in entries:
        if entry.before is None and entry.after is None:
            last.extend(_last_events(entry.command_id, entry.answer))
    found: dict[str, tuple[dict[Any, Balance], dict[Any, Balance]]] = {}
    for row in _events(connection, last):
        before, after = found.setdefault(row.command_id, ({}, {}))
        place = (row.sku_id, row.location_id)
        on_hand, reserved = row.on_hand_after, row.reserved_after
        after[place] = Balance(*place, on_hand, reserved)
        before.setdefault(
            place, Balance(*place, on_hand - row.on_hand_change, reserved - row.reserved_change)
        )
    return [_filled(entry, *found.get(entry.command_id, ({}, {}))) for entry in entries]


def events_of_command(
    connection: sa.Connection, command_id: str, answer: str
) -> Sequence[sa.Row[Any]]:
    """The events of an accepted stock command, found by its answer; by SKU, oldest first."""
    return _events(connection, _last_events(command_id, answer))


def _last_events(command_id: str, answer: str | msgspec.Raw) -> list[tuple[str, str, int]]:
    try:
        levels = msgspec.json.decode(answer, type=_Answer).levels
    except msgspec.ValidationError:  # of a command that is none of stock
        return []
    return [(command_id, level.sku, level.version) for level in levels]


def _filled(entry: AuditView, before: dict[Any, Balance], after: dict[Any, Balance]) -> AuditView:
    if not after:
        return entry
    return msgspec.structs.replace(entry, before=_raw(before), after=_raw(after))


def _raw(balances: dict[Any, Balance]) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(Balances(list(balances.values()))))


# No index finds events by command: that would slow down every write. But a command's answer names
# its SKUs and their last event, and its events of one SKU follow each other, so walk back.
_WALK = """
WITH RECURSIVE last AS ({last}), walk AS (
    SELECT last.command_id, last.sku_id, last.seq FROM last
    JOIN stock_event e ON e.sku_id = last.sku_id AND e.seq = last.seq
    WHERE e.command_id = last.command_id
  UNION ALL
    SELECT walk.command_id, walk.sku_id, walk.seq - 1 FROM walk
    JOIN stock_event e ON e.sku_id = walk.sku_id AND e.seq = walk.seq - 1
    WHERE e.command_id = walk.command_id
)
SELECT e.command_id, e.sku_id, e.generation, e.location_id, e.kind, e.on_hand_change,
       e.reserved_change, e.on_hand_after, e.reserved_after, e.reference_type, e.reference_id,
       e.actor, e.recorded_at
FROM walk JOIN stock_event e ON e.sku_id = walk.sku_id AND e.seq = walk.seq
ORDER BY e.command_id, e.sku_id, e.seq
"""
_LAST = {
    "sqlite": "SELECT json_extract(value, '$[0]') AS command_id, "
    "json_extract(value, '$[1]') AS sku_id, json_extract(value, '$[2]') AS seq "
    "FROM json_each(:last)",
    "postgresql": "SELECT value ->> 0 AS command_id, value ->> 1 AS sku_id, "
    "CAST(value ->> 2 AS bigint) AS seq FROM json_array_elements(CAST(:last AS json))",
}


def _events(connection: sa.Connection, last: list[tuple[str, str, int]]) -> Sequence[sa.Row[Any]]:
    """Events of commands, oldest first, by (command, SKU, its last event's seq)."""
    if not last:
        return []
    statement = sa.text(_WALK.replace("{last}", _LAST[connection.dialect.name]))
    return connection.execute(statement, {"last": json.dumps(last)}).all()
