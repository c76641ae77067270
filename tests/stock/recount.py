"""An account of the ledger kept without the ledger's code: fold, chain and constraints."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from onhand.db.database import Database

Row = Mapping[str, Any]

# What an event's hash covers, in this order.
HASHED = (
    *("command_id", "sku_id", "generation", "seq", "location_id", "kind"),
    *("on_hand_change", "reserved_change", "on_hand_after", "reserved_after", "shortfall_after"),
    *("reservation_id", "reason", "reference_type", "reference_id", "store_id"),
    *("actor", "source", "idempotency_key", "happened_at", "recorded_at"),
)


@dataclass
class Place:
    """One SKU at one location."""

    on_hand: int = 0
    reserved: int = 0
    shortfall: int = 0


@dataclass
class Held:
    """One reservation as its events tell it."""

    place: str
    held: int = 0
    shipped: int = 0
    returned: int = 0


@dataclass
class Account:
    """One SKU as its events tell it."""

    version: int = 0
    generation: int = 1
    hash: str = ""
    recorded_at: str = ""
    places: dict[str, Place] = field(default_factory=dict)
    holds: dict[str, Held] = field(default_factory=dict)

    @property
    def on_hand(self) -> int:
        """Units over all locations."""
        return sum(place.on_hand for place in self.places.values())

    @property
    def reserved(self) -> int:
        """Held units over all locations."""
        return sum(place.reserved for place in self.places.values())


def fold(events: Iterable[Row]) -> dict[str, Account]:
    """Accounts of all SKUs; events come in the order of each SKU's seq.

    Raises AssertionError where an event contradicts those before it.
    """
    accounts: dict[str, Account] = {}
    for event in events:
        account = accounts.setdefault(event["sku_id"], Account())
        _check_chain(account, event)
        if event["kind"] == "sku_reset":
            _forget(account, event)
        _check_units(account, event)
    return accounts


def _check_chain(account: Account, event: Row) -> None:
    assert event["seq"] == account.version + 1, f"seq is not dense: {event}"
    covered = [_plain(event[name]) for name in HASHED]
    text = account.hash + json.dumps(covered, ensure_ascii=False, separators=(",", ":"))
    assert event["hash"] == hashlib.sha256(text.encode()).hexdigest(), f"chain broken: {event}"
    recorded_at = _plain(event["recorded_at"])
    assert recorded_at >= account.recorded_at, f"time runs backwards: {event}"
    assert _plain(event["happened_at"]) <= recorded_at, f"from the future: {event}"
    account.version += 1
    account.hash = event["hash"]
    account.recorded_at = recorded_at


def _forget(account: Account, event: Row) -> None:
    account.generation += 1
    account.places = {name: Place() for name in account.places}
    account.holds = {}
    assert (event["on_hand_change"], event["reserved_change"]) == (0, 0), event


def _check_units(account: Account, event: Row) -> None:
    assert event["generation"] == account.generation, event
    place = account.places.setdefault(event["location_id"], Place())
    place.on_hand += event["on_hand_change"]
    place.reserved += event["reserved_change"]
    missing = max(0, place.reserved - place.on_hand)
    place.shortfall = missing if event["kind"] == "oversold" else min(place.shortfall, missing)
    after = (event["on_hand_after"], event["reserved_after"], event["shortfall_after"])
    assert after == (place.on_hand, place.reserved, place.shortfall), f"balances: {event}"
    assert place.reserved >= 0, f"reserved below zero: {event}"
    if event["reservation_id"] is not None:
        held = account.holds.setdefault(event["reservation_id"], Held(event["location_id"]))
        held.held += event["reserved_change"]
        held.shipped -= event["on_hand_change"] if event["kind"] == "shipped" else 0
        held.returned += event["on_hand_change"] if event["kind"] == "returned" else 0
        assert held.held >= 0, f"a hold below zero: {event}"
    else:
        assert event["reserved_change"] == 0, f"reserved without a hold: {event}"


def check_account(account: Account) -> None:
    """What must be true of every SKU between commands."""
    for name, place in account.places.items():
        held = sum(hold.held for hold in account.holds.values() if hold.place == name)
        assert place.reserved == held, f"{name}: {place.reserved} reserved, {held} held"
        available = place.on_hand - place.reserved
        assert available + place.shortfall >= 0, f"{name}: {available} available without leave"


def assert_sound(database: Database) -> dict[str, Account]:
    """The stored levels, totals and holds are what the events add up to; gives the accounts."""
    events = table(database, "stock_event", "sku_id, seq")
    accounts = fold(events)
    for account in accounts.values():
        check_account(account)
    _compare_levels(accounts, table(database, "stock_level"))
    _compare_heads(accounts, table(database, "ledger_head"))
    _compare_holds(accounts, table(database, "reservation"))
    entries = {row["command_id"] for row in table(database, "audit_entry")}
    for event in events:
        assert event["kind"] == "expired" or event["command_id"] in entries, f"no entry: {event}"
    return accounts


def _compare_levels(accounts: dict[str, Account], levels: list[Row]) -> None:
    told = {
        (sku_id, name): (place.on_hand, place.reserved, place.shortfall)
        for sku_id, account in accounts.items()
        for name, place in account.places.items()
    }
    stored = {
        (row["sku_id"], row["location_id"]): (row["on_hand"], row["reserved"], row["shortfall"])
        for row in levels
    }
    # A refused line or a reset may leave an empty level behind where no event ever was.
    assert {key: units for key, units in stored.items() if key in told or any(units)} == told


def _compare_heads(accounts: dict[str, Account], heads: list[Row]) -> None:
    for row in heads:
        account = accounts.get(row["sku_id"], Account())
        if account.version:
            assert row["generation"] == account.generation, row
        assert row["hash"] == account.hash, row
        assert row["version"] == account.version, row
        assert (row["on_hand"], row["reserved"]) == (account.on_hand, account.reserved), row
        available = account.on_hand - account.reserved
        assert bool(row["is_low"]) == (available <= row["low_stock_threshold"]), row
    assert {row["sku_id"] for row in heads} >= accounts.keys()


def _compare_holds(accounts: dict[str, Account], rows: list[Row]) -> None:
    told = {
        hold_id: (hold.place, hold.held, hold.shipped, hold.returned)
        for account in accounts.values()
        for hold_id, hold in account.holds.items()
    }
    stored = {
        row["reservation_id"]: (
            row["location_id"],
            row["units_held"],
            row["units_shipped"],
            row["units_returned"],
        )
        for row in rows
        if row["generation"] == accounts[row["sku_id"]].generation
    }
    assert stored == told
    forgotten = [row for row in rows if row["reservation_id"] not in told]
    assert not any(row["units_held"] for row in forgotten), forgotten


def table(database: Database, name: str, order: str = "1, 2") -> list[Row]:
    """All rows of a table."""
    with database.read() as connection:
        rows = connection.execute(sa.text(f"SELECT * FROM {name} ORDER BY {order}"))
        return [dict(row) for row in rows.mappings()]


TABLES = (
    *("sku", "sku_alias", "location", "ledger_head", "stock_level", "stock_event"),
    *("reservation", "audit_entry"),
)


def dump(database: Database) -> dict[str, list[Row]]:
    """Everything the ledger could have changed, for comparing before with after."""
    return {name: table(database, name) for name in TABLES}


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value
