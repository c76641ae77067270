"""The audit trail is searched page by page, and tells before and after of every write (P2)."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from onhand.access.model import Actor, Asked
from onhand.access.queries import AuditFilter, AuditView, search_audit
from onhand.catalog.commands import create_skus
from onhand.catalog.model import NewSku
from onhand.db.database import Database
from onhand.stock.commands import Ledger
from onhand.stock.model.commands import Adjust, AdjustLine, AdjustMode, Command, SetPolicy, Transfer
from onhand.stock.model.events import MAIN_LOCATION
from onhand.stock.queries.audit import with_balances
from tests.shop import START, TILL, Shop, cart, deduct, lines, reserve


def search(database: Database, wanted: AuditFilter = AuditFilter()) -> list[AuditView]:  # noqa: B008
    """Matching entries, newest first, with what stock commands changed."""
    with database.read() as connection:
        return with_balances(connection, search_audit(connection, wanted).entries)


def change(entry: AuditView) -> tuple[Any, Any]:
    """Before and after of an entry, decoded."""
    before, after = (
        None if x is None else msgspec.json.decode(x) for x in (entry.before, entry.after)
    )
    return before, after


@pytest.fixture
def busy(database: Database) -> Database:
    """Six SKUs, registered one second apart by two people."""
    for number in range(6):
        actor = Actor(("mei", "ann")[number % 2], ("manual", "api")[number % 2])
        now = START + timedelta(seconds=number)
        create_skus(database, Asked(actor, now), [NewSku(f"s_{number}")])
    return database


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (AuditFilter(), "543210"),
        (AuditFilter(actor="mei"), "420"),
        (AuditFilter(source="api"), "531"),
        (AuditFilter(action="CreateSkus", actor="ann"), "531"),
        (AuditFilter(action="UpdateSku"), ""),
        (AuditFilter(text="S_3"), "3"),
        (AuditFilter(text="%"), ""),
        (AuditFilter(text="\0"), ""),
        (AuditFilter(since=START + timedelta(seconds=4)), "54"),
        (AuditFilter(until=START + timedelta(seconds=1)), "10"),
    ],
)
def test_entries_are_found(busy: Database, wanted: AuditFilter, found: str) -> None:
    assert "".join(entry.subject[-1] for entry in search(busy, wanted)) == found


def test_pages_add_up_although_moments_repeat(database: Database) -> None:
    for number in range(25):
        now = START + timedelta(seconds=number // 10)
        create_skus(database, Asked(Actor("mei"), now), [NewSku(f"s{number}")])
    whole = [entry.command_id for entry in search(database)]

    found: list[str] = []
    before: str | None = None
    with database.read() as connection:
        while True:
            page = search_audit(connection, AuditFilter(), limit=4, before=before)
            found.extend(entry.command_id for entry in page.entries)
            before = page.cursor
            if before is None:
                break

    assert found == whole
    assert len(found) == 25


@pytest.mark.parametrize("before", ["", "x", "AAAA", "YSBi", "MjAyNi0wMS0wMSBi", "YSBiIGM="])
def test_a_cursor_that_is_none_is_said_so(sqlite_database: Database, before: str) -> None:
    with sqlite_database.read() as connection, pytest.raises(ValueError, match="cursor"):
        search_audit(connection, AuditFilter(), before=before)


def test_a_stock_command_shows_the_balances_it_found_and_left(shop: Shop) -> None:
    shop.register(a=10, b=5)
    shop.add_location("east")
    shop.do(Transfer(lines(MAIN_LOCATION, a=4), "east"))
    shop.clock.advance(1)
    shop.do(reserve(cart(), a=8, b=1))
    shop.clock.advance(1)
    shop.do(deduct(cart()))

    shipped, reserved = search(shop.database)[:2]

    def level(sku: str, place: str, on_hand: int, held: int) -> dict[str, object]:
        return {"sku": sku, "location": place, "on_hand": on_hand, "reserved": held}

    free = [level("a", "main", 6, 0), level("a", "east", 4, 0), level("b", "main", 5, 0)]
    held = [level("a", "main", 6, 6), level("a", "east", 4, 2), level("b", "main", 5, 1)]
    left = [level("a", "main", 0, 0), level("a", "east", 2, 0), level("b", "main", 4, 0)]
    assert change(reserved) == ({"levels": free}, {"levels": held})
    assert change(shipped) == ({"levels": held}, {"levels": left})


def test_commands_of_one_batch_are_told_apart(ledger: Ledger, shop: Shop) -> None:
    shop.register(a=200)
    shop.clock.advance(1)

    ledger.execute([Command(TILL, reserve(cart(n), a=n), f"k{n}") for n in range(1, 20)])

    reserved = {}
    for entry in search(shop.database, AuditFilter(action="Reserve")):
        before, after = change(entry)
        reserved[entry.idempotency_key] = (
            before["levels"][0]["reserved"],
            after["levels"][0]["reserved"],
        )
    sums = [sum(range(n + 1)) for n in range(20)]
    assert reserved == {f"k{n}": (sums[n - 1], sums[n]) for n in range(1, 20)}


def test_many_lines_of_one_sku_are_one_change(shop: Shop) -> None:
    shop.register(a=1)
    shop.clock.advance(1)
    more = tuple(AdjustLine("a", AdjustMode.ADD, 1) for _ in range(300))
    shop.do(Adjust(more, reason="found"))

    before, after = change(search(shop.database, AuditFilter(action="Adjust"))[0])

    assert (before["levels"][0]["on_hand"], after["levels"][0]["on_hand"]) == (1, 301)


def test_a_change_of_policy_keeps_the_before_and_after_it_recorded(shop: Shop) -> None:
    shop.register("a")
    shop.do(SetPolicy("a", safety_stock=3))

    before, after = change(search(shop.database, AuditFilter(action="SetPolicy"))[0])

    assert (before["safety_stock"], after["safety_stock"]) == (0, 3)
