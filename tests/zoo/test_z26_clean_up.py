"""Z26: clean-up never removes what explains the past."""

from onhand.stock.model.commands import ExpireHolds, ResetSku
from onhand.stock.queries.history import HistoryFilter, explain, history
from onhand.stock.queries.holds import HoldFilter, list_holds
from onhand.stock.queries.levels import skus_with_due_holds
from onhand.stock.queries.verify import verify
from tests.shop import FakeClock, Shop, Units, cart, deduct, order, release, reserve
from tests.stock.recount import assert_sound, dump


def sweep(shop: Shop) -> None:
    """What the clean-up of ended holds does."""
    with shop.database.read() as connection:
        due = skus_with_due_holds(connection, shop.clock(), 100)
    shop.do(ExpireHolds(tuple(due)))


def test_z26_a_sweep_adds_and_removes_nothing(shop: Shop, clock: FakeClock) -> None:
    shop.register(a=10)
    for number in range(5):
        shop.do(reserve(cart(number), a=1))
    shop.do(release(cart(0)))
    shop.do(deduct(cart(1)))
    before = dump(shop.database)
    clock.advance(86_400 * 400)
    sweep(shop)
    after = dump(shop.database)
    for name in ("stock_event", "audit_entry"):
        assert [row for row in after[name] if row in before[name]] == before[name]
    ids = [row["reservation_id"] for row in after["reservation"]]
    assert ids == [row["reservation_id"] for row in before["reservation"]]
    states = sorted(row["state"] for row in after["reservation"])
    assert states == ["expired", "expired", "expired", "released", "shipped"]
    assert shop.units("a") == Units(9, 0)


def test_z26_every_ended_hold_can_still_be_explained(shop: Shop, clock: FakeClock) -> None:
    shop.register(a=10)
    hold = shop.do(reserve(cart(), owner="ann", a=3))["reservations"][0]["id"]
    clock.advance(86_400)
    sweep(shop)
    with shop.database.read() as connection:
        (ended,) = list_holds(connection, HoldFilter(owner="ann", include_ended=True), now=clock())
        assert (ended.id, ended.state, ended.quantity) == (hold, "expired", 0)
        events = history(connection, "a", HistoryFilter())
        assert events is not None
        assert {e.reservation_id for e in events if e.kind in ("reserved", "expired")} == {hold}
        told = explain(connection, "a", now=clock())
        assert told is not None
        assert sum(line.reserved_change for line in told.events) == 0


def test_z26_sweeping_again_and_again_changes_nothing(shop: Shop, clock: FakeClock) -> None:
    shop.register(a=10, b=1)
    shop.do(reserve(cart(), a=3))
    shop.do(reserve(order(), b=1))
    clock.advance(86_400)
    sweep(shop)
    before = dump(shop.database)
    sweep(shop)
    sweep(shop)
    after = dump(shop.database)
    assert {name: rows for name, rows in after.items() if name != "audit_entry"} == {
        name: rows for name, rows in before.items() if name != "audit_entry"
    }


def test_z26_removing_a_sku_keeps_its_events(shop: Shop) -> None:
    shop.register(a=10)
    shop.do(reserve(order(), a=3))
    shop.do(deduct(order(), a=1))
    before = dump(shop.database)
    shop.do(ResetSku("a"))
    after = dump(shop.database)
    assert after["stock_event"][: len(before["stock_event"])] == before["stock_event"]
    assert after["audit_entry"][: len(before["audit_entry"])] == before["audit_entry"]
    assert len(after["reservation"]) == len(before["reservation"])
    assert verify(shop.database).is_clean
    assert_sound(shop.database)
