"""Z27: a deliberately corrupted balance or event is noticed by verify, whatever was altered."""

import pytest
import sqlalchemy as sa

from onhand.stock.commands.rebuild import rebuild
from onhand.stock.model.commands import Count, CountLine, Transfer
from onhand.stock.queries.verify import verify
from tests.shop import Shop, deduct, give_back, lines, order, release, reserve
from tests.stock.recount import assert_sound, table


@pytest.fixture
def busy(shop: Shop) -> Shop:
    """Two SKUs with a bit of everything, one never touched; all sound."""
    shop.add_location("east")
    shop.register("quiet", a=10, b=7)
    shop.do(reserve(order(1), a=4, b=2))
    shop.do(deduct(order(1), a=3))
    shop.do(give_back(order(1), a=1))
    shop.do(release(order(1), b=1))
    shop.do(Transfer(lines(a=2), "east"))
    shop.do(reserve(order(2), a=5))
    shop.do(Count((CountLine("a", 3),)))
    assert_sound(shop.database)
    report = verify(shop.database)
    assert report.is_clean
    assert (report.skus, report.events) == (2, len(table(shop.database, "stock_event")))
    return shop


def tamper(shop: Shop, statement: str) -> None:
    """Alter the database behind the ledger's back."""
    with shop.database.begin() as connection:
        if shop.database.dialect == "sqlite":
            for verb in ("update", "delete"):
                connection.execute(sa.text(f"DROP TRIGGER stock_event_no_{verb}"))
        else:
            connection.execute(sa.text("ALTER TABLE stock_event DISABLE TRIGGER USER"))
        assert connection.execute(sa.text(statement)).rowcount > 0
        if shop.database.dialect == "postgresql":
            connection.execute(sa.text("ALTER TABLE stock_event ENABLE TRIGGER USER"))


STORED = [
    "UPDATE stock_level SET on_hand = on_hand + 1 WHERE sku_id = 'a' AND location_id = 'east'",
    "UPDATE stock_level SET reserved = reserved - 1 WHERE sku_id = 'b'",
    "UPDATE stock_level SET shortfall = shortfall + 1 WHERE sku_id = 'a' AND location_id = 'main'",
    "DELETE FROM stock_level WHERE sku_id = 'a' AND location_id = 'east'",
    "INSERT INTO stock_level VALUES ('quiet', 'main', 5, 0, 0, 1)",
    "UPDATE ledger_head SET on_hand = on_hand - 1 WHERE sku_id = 'a'",
    "UPDATE ledger_head SET reserved = reserved + 1 WHERE sku_id = 'b'",
    "UPDATE ledger_head SET version = version + 1 WHERE sku_id = 'a'",
    "UPDATE ledger_head SET generation = generation + 1 WHERE sku_id = 'a'",
    "UPDATE ledger_head SET hash = 'f' || substr(hash, 2) WHERE hash NOT LIKE 'f%'",
    "UPDATE ledger_head SET on_hand = 5 WHERE sku_id = 'quiet'",
    "UPDATE reservation SET units_held = units_held + 1 WHERE units_held > 0 AND sku_id = 'a'",
    "UPDATE reservation SET units_held = 0, state = 'released' WHERE sku_id = 'b'",
    "UPDATE reservation SET units_shipped = units_shipped + 1 WHERE sku_id = 'a'",
    "UPDATE reservation SET units_returned = units_returned - 1 WHERE units_returned > 0",
    "UPDATE reservation SET units_reserved = units_reserved + 1 WHERE sku_id = 'b'",
    "DELETE FROM reservation WHERE sku_id = 'b'",
]
TEXTS = {
    "command_id": "'x'",
    "kind": "'returned'",
    "location_id": "'west'",
    "reservation_id": "'x'",
    "reason": "'because'",
    "reference_type": "'channel'",
    "reference_id": "'other'",
    "store_id": "'shop'",
    "actor": "'somebody'",
    "source": "'import'",
    "idempotency_key": "'k'",
    "happened_at": "'2026-02-01T00:00:00.000000+00:00'",
    "recorded_at": "'2027-03-01T00:00:00.000000+00:00'",
    "hash": "'0'",
}
NUMBERS = (
    *("on_hand_change", "reserved_change", "on_hand_after", "reserved_after", "shortfall_after"),
    *("generation",),
)
EVENT = "WHERE sku_id = 'a' AND seq = 3"
EVENTS = [
    *(f"UPDATE stock_event SET {column} = {value} {EVENT}" for column, value in TEXTS.items()),
    *(f"UPDATE stock_event SET {column} = {column} + 1 {EVENT}" for column in NUMBERS),
    f"UPDATE stock_event SET sku_id = 'quiet' {EVENT}",
    f"UPDATE stock_event SET seq = 99 {EVENT}",
    f"DELETE FROM stock_event {EVENT}",
    "DELETE FROM stock_event WHERE sku_id = 'a' AND seq = 1",
    "DELETE FROM stock_event WHERE sku_id = 'b'",
    "DELETE FROM stock_event WHERE position = (SELECT max(position) FROM stock_event)",
]


@pytest.mark.parametrize("statement", [*STORED, *EVENTS])
def test_z27_verify_notices(busy: Shop, statement: str) -> None:
    tamper(busy, statement)
    report = verify(busy.database)
    assert not report.is_clean
    assert {mismatch.sku for mismatch in report.mismatches} <= {"a", "b", "quiet"}


def test_z27_verify_names_what_is_stored_and_what_it_should_be(busy: Shop) -> None:
    tamper(busy, "UPDATE stock_level SET on_hand = on_hand + 40 WHERE sku_id = 'b'")
    (mismatch,) = verify(busy.database).mismatches
    assert (mismatch.sku, mismatch.location) == ("b", "main")
    assert (mismatch.stored, mismatch.derived) == ("47", "7")


def test_z27_verify_repairs_nothing_and_rebuild_says_what_it_does(busy: Shop) -> None:
    tamper(busy, "UPDATE stock_level SET on_hand = on_hand + 40 WHERE sku_id = 'b'")
    assert verify(busy.database).mismatches == verify(busy.database).mismatches != []
    report = rebuild(busy.database)
    assert [correction.sku for correction in report.corrections] == ["b"]
    assert verify(busy.database).is_clean
    assert_sound(busy.database)
    assert rebuild(busy.database).corrections == []


BALANCES = [statement for statement in STORED if "reservation" not in statement]


@pytest.mark.parametrize("statement", BALANCES)
def test_z27_rebuild_derives_every_balance_again(busy: Shop, statement: str) -> None:
    tamper(busy, statement)
    assert rebuild(busy.database).corrections
    assert verify(busy.database).mismatches == []
    assert_sound(busy.database)


def test_z27_rebuild_does_not_hide_an_altered_event(busy: Shop) -> None:
    tamper(busy, f"UPDATE stock_event SET on_hand_change = on_hand_change + 1 {EVENT}")
    rebuild(busy.database)
    assert not verify(busy.database).is_clean


def test_z27_a_ledger_going_on_over_an_altered_event_stays_suspicious(busy: Shop) -> None:
    tamper(busy, f"UPDATE stock_event SET actor = 'somebody' {EVENT}")
    busy.receive("a", 1)
    assert not verify(busy.database).is_clean
