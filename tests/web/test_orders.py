"""Orders, the order desk, oversales and reconciliation over HTTP."""

import pytest

from onhand.bootstrap.environment import Environment
from onhand.catalog.commands.listings import take_catalogue_page
from onhand.channels.port import (
    ChannelListing,
    ChannelOrder,
    Confirmation,
    ConfirmResult,
    ListingKey,
    OrderState,
)
from onhand.orders.commands import settle_confirmations, take_in
from tests.orders.market import line, order
from tests.shop import FakeClock
from tests.web.client import Api
from tests.web.conftest import NewApi

TOKYO = "rakuten-tokyo"


class Intake:
    """A store that lists `ce1111` as `tote`, and takes orders in."""

    def __init__(self, environment: Environment, clock: FakeClock) -> None:
        """No order yet."""
        self.environment = environment
        self.clock = clock
        seen = [ChannelListing(ListingKey("tote", "v"), "帆布トート", ("CE1111",))]
        with environment.database.begin() as connection:
            take_catalogue_page(connection, TOKYO, seen, clock())

    def take(self, *orders: ChannelOrder) -> None:
        """Take orders in."""
        for one in orders:
            take_in(self.environment.ledger, TOKYO, one, now=self.clock.advance(60))

    def fail_confirmation(self, order_id: str) -> None:
        """Have the shop refuse to confirm, until nobody tries any more."""
        for _ in range(6):
            self.clock.advance(20)
            failed = {order_id: ConfirmResult(Confirmation.FAILED, "busy")}
            settle_confirmations(self.environment.database, TOKYO, failed, now=self.clock())


@pytest.fixture
def intake(shop: Api, test: Environment, clock: FakeClock) -> Intake:
    """A store, and 10 units of `ce1111`."""
    shop.post("/stores", {"store": TOKYO, "name": TOKYO}, expect=201)
    return Intake(test, clock)


def test_orders_are_listed_and_read(shop: Api, intake: Intake) -> None:
    intake.take(
        order(line("tote", 2), order_id="o/1"),
        order(line("tote", 1), order_id="o2", state=OrderState.SHIPPED),
        order(line("ghost", 1), order_id="o3"),
    )

    page = shop.get("/orders", params={"limit": 2})
    rest = shop.get("/orders", params={"limit": 2, "after": page["cursor"]})
    assert [one["order"] for one in page["orders"] + rest["orders"]] == ["o3", "o2", "o/1"]
    assert rest["cursor"] is None
    for chosen, found in (
        ({"state": "shipped"}, ["o2"]),
        ({"problem": "unmapped"}, ["o3"]),
        ({"has_problem": True}, ["o3"]),
        ({"sku": "CE1111"}, ["o2", "o/1"]),
        ({"sku": "ghost"}, []),
        ({"store": TOKYO.upper()}, ["o3", "o2", "o/1"]),
        ({"store": "楽天"}, []),
    ):
        listed = shop.get("/orders", params=chosen)["orders"]
        assert [one["order"] for one in listed] == found, chosen
    whole = shop.get(f"/orders/{TOKYO}/o%2F1")
    assert (whole["summary"]["units"], whole["summary"]["state"]) == (2, "placed")
    assert [(one["sku"], one["held"]) for one in whole["stock"]] == [("ce1111", 2)]
    assert [one["which"] for one in whole["messages"]] == ["first"]
    assert shop.get(f"/orders/{TOKYO}/none", expect=404)["code"] == "order_not_found"
    shop.get("/orders/nowhere/none", expect=404)
    shop.get("/orders", params={"state": "eaten"}, expect=422)
    shop.get("/orders", params={"after": "rubbish"}, expect=422)


def test_the_desk_is_read_and_cleared(shop: Api, intake: Intake) -> None:
    intake.take(order(line("ghost", 1), order_id="o1"), order(line("tote", 0), order_id="o2"))

    entries = shop.get("/desk")["entries"]
    assert [one["kind"] for one in entries] == ["bad_line", "unmapped"]
    assert shop.get("/desk", params={"kind": "unmapped"})["entries"] == entries[1:]
    assert shop.get("/desk", params={"order": "o2", "store": TOKYO})["entries"] == entries[:1]
    path = f"/desk/{entries[1]['entry']}/close"
    done = shop.post(path, {"note": " sends another "})
    assert done == {"entry": entries[1]["entry"], "closed_how": "sends another"}
    assert shop.get("/desk")["entries"] == entries[:1]
    closed = shop.get("/desk", params={"include_closed": True})["entries"][1]
    assert (closed["closed_by"], closed["closed_how"], closed["actions"]) == (
        "admin",
        "sends another",
        [],
    )
    again = shop.post(path, {"note": "again"}, expect=409)
    assert (again["code"], again["closed_how"]) == ("entry_closed", "sends another")
    assert shop.post(path, {"note": "x" * 201}, expect=422)["code"] == "invalid_reason"
    for note in ("", " ", "a\nb", None, 7):
        assert shop.post(path, {"note": note}, expect=422)["code"] == "invalid_request"
    for entry in ("0" * 32, "x", "%00"):
        answer = shop.post(f"/desk/{entry}/close", {"note": "x"}, expect=404)
        assert answer["code"] == "entry_not_found"


def test_a_confirmation_is_tried_again(shop: Api, intake: Intake) -> None:
    intake.take(order(line("tote", 1), order_id="o1"))
    intake.fail_confirmation("o1")
    (entry,) = shop.get("/desk", params={"kind": "failed_confirmation"})["entries"]
    assert entry["actions"][0] == "retry_confirmation"

    path = f"/orders/{TOKYO}/o1/retry-confirmation"
    assert shop.post(path, expect=202) == {"store": TOKYO, "order": "o1"}
    assert shop.get("/desk")["entries"] == []
    assert shop.get(f"/orders/{TOKYO}/o1")["summary"]["confirm_due_at"]
    intake.take(order(line("tote", 1), order_id="o1", state=OrderState.SHIPPED, read_s=900))
    assert shop.post(path, expect=409)["code"] == "order_not_waiting"
    answer = shop.post(f"/orders/{TOKYO}/o9/retry-confirmation", expect=404)
    assert answer["code"] == "order_not_found"


def test_writes_are_repeated_safely(shop: Api, intake: Intake) -> None:
    intake.take(order(line("ghost", 1), order_id="o1"))
    (entry,) = shop.get("/desk")["entries"]
    for path, body, status in (
        (f"/desk/{entry['entry']}/close", {"note": "called"}, 200),
        (f"/orders/{TOKYO}/o1/retry-confirmation", None, 202),
    ):
        answers = [
            shop.send("POST", path, json=body, headers={"Idempotency-Key": path}) for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [status, status]
        assert answers[0].content == answers[1].content
        assert answers[1].headers["idempotent-replayed"] == "true"


def test_an_oversale_is_reported(shop: Api, intake: Intake) -> None:
    intake.take(order(line("tote", 12), order_id="o1"))

    (sold,) = shop.get("/audit/oversell")["oversales"]
    assert (sold["sku"], sold["missing_units"], sold["sale"]["order"]) == ("ce1111", 2, "o1")
    assert sold["prevented_by_safety_units"] == 2
    assert shop.get("/audit/oversell", params={"sku": "CE1111"})["oversales"] == [sold]
    assert shop.get("/audit/oversell", params={"sku": "ghost"})["oversales"] == []
    later = {"since": "2026-04-01T00:00:00+00:00"}
    assert shop.get("/audit/oversell", params=later)["oversales"] == []
    shop.get("/audit/oversell", params={"after": "\x00"}, expect=422)


def test_orders_and_ledger_are_reconciled(shop: Api, intake: Intake) -> None:
    intake.take(*(order(line("tote", 1), order_id=f"o{number}") for number in range(3)))

    first = shop.get("/audit/reconcile", params={"limit": 2})
    assert (first["checked"], first["mismatches"]) == (2, [])
    rest = shop.get("/audit/reconcile", params={"limit": 2, "after": first["cursor"]})
    assert rest == {"checked": 1, "mismatches": [], "cursor": None}
    held = shop.get("/inventory/reservations")["reservations"][0]
    shop.patch(f"/inventory/reservations/{held['id']}", {"quantity": 3})
    (found,) = shop.get("/audit/reconcile")["mismatches"]
    assert (found["kind"], found["expected_held"], found["found_held"]) == ("ledger", 1, 3)
    shop.get("/audit/reconcile", params={"after": "rubbish"}, expect=422)


def test_who_may(new_api: NewApi, shop: Api, intake: Intake) -> None:
    intake.take(order(line("ghost", 1), order_id="o1"))
    (entry,) = shop.get("/desk")["entries"]
    viewer, operator = new_api("viewer"), new_api("operator")
    for path in (
        *("/orders", f"/orders/{TOKYO}/o1", "/desk"),
        *("/audit/oversell", "/audit/reconcile"),
    ):
        viewer.get(path)
    close, confirm = f"/desk/{entry['entry']}/close", f"/orders/{TOKYO}/o1/retry-confirmation"
    viewer.post(close, {"note": "x"}, expect=403)
    viewer.post(confirm, expect=403)
    operator.post(close, {"note": "x"})
    operator.post(confirm, expect=202)
