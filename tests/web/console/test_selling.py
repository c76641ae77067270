"""Orders, the desk, sync, stores, rules, listings and tasks in the console, on both databases."""

import re

import pytest

from onhand.access.model import Role
from onhand.bootstrap.environment import Environment
from onhand.catalog.commands.stores import pause_store
from onhand.catalog.model.stores import PauseReason
from onhand.channels.port import ChannelLine, ChannelOrder, ListingKey, OrderState
from onhand.orders.commands import take_in
from onhand.orders.queries.desk import DeskFilter, EntryView, list_entries
from onhand.sync.commands.settle import Outcome
from onhand.sync.queries.rules import read_rule
from tests.orders.market import line, order
from tests.shop import FakeClock
from tests.sync.counter import OSAKA, TOKYO, Counter
from tests.web.client import Api
from tests.web.console.client import Console
from tests.web.console.conftest import AsRole
from tests.web.selling import store_status


class Selling:
    """A shop whose orders are taken in by hand."""

    def __init__(self, environment: Environment, clock: FakeClock) -> None:
        """No order yet."""
        self.environment = environment
        self.clock = clock

    def take(self, *orders: ChannelOrder) -> None:
        """Take orders in."""
        for one in orders:
            take_in(self.environment.ledger, TOKYO, one, now=self.clock.advance(60))

    def entry(self, kind: str) -> EntryView:
        """The only open entry of a kind."""
        with self.environment.database.read() as connection:
            found = list_entries(connection, DeskFilter()).entries
        (entry,) = (one for one in found if one.kind == kind)
        return entry


@pytest.fixture
def selling(test: Environment, clock: FakeClock, shop: Api, tokyo: str) -> Selling:
    """`ce1111`, of which there are 10, is listed in Tokyo as `tote`; both stores have keys."""
    for store in (TOKYO, OSAKA):
        shop.put(f"/stores/{store}/credentials", {"service_secret": "SP1", "license_key": "SL1"})
    return Selling(test, clock)


def tote(units: int) -> ChannelLine:
    """A line with `ce1111`."""
    return ChannelLine("1", ListingKey("tote", "v1"), units, "帆布トート")


def give_up(counter: Counter, shop: Api) -> None:
    """Have Tokyo refuse what it is told until nobody tries any more."""
    shop.put("/inventory/ce1111/adjust", {"mode": "set", "quantity": 2, "reason": "count"})
    shop.post(f"/sync/{TOKYO}", expect=202)
    for _ in range(5):
        counter.push(TOKYO, Outcome.REFUSED, "no such item")
        counter.read(TOKYO, 3)


def test_every_page_reads_for_a_viewer_and_offers_nothing(
    as_role: AsRole, selling: Selling, tokyo: str, counter: Counter, shop: Api
) -> None:
    give_up(counter, shop)
    selling.take(order(tote(12), order_id="o1"))
    selling.take(order(line("ghost", 1), order_id="o/2"))
    viewer = as_role(Role.VIEWER)
    entries = [selling.entry(kind).entry for kind in ("shortfall", "unmapped")]
    for path in (
        *("/orders", f"/orders/{TOKYO}/o1", f"/orders/{TOKYO}/o%2F2", "/desk", "/oversold"),
        *(f"/desk/{entry}" for entry in entries),
        *("/sync", "/sync/failed", "/sync/pushes", "/sync/drift", "/stores", f"/stores/{TOKYO}"),
        *(f"/stores/{TOKYO}/listings", f"/listings/{tokyo}", "/tasks"),
    ):
        page = viewer.get(path)
        main = page[page.index("<main") : page.index("</main>")]
        assert 'method="post"' not in main, path
    viewer.get("/stores/new", expect=403)
    viewer.get(f"/stores/{TOKYO}/rule", expect=403)


def test_orders_are_found_by_number_sku_store_state_and_day(
    console: Console, selling: Selling
) -> None:
    selling.take(order(tote(2), order_id="o-1"))
    selling.take(order(line("ghost", 1), order_id="o-2"))

    def found(query: str) -> set[str]:
        return set(re.findall(r">(o-\d)</a>", console.get(f"/orders?{query}")))

    assert found("") == {"o-1", "o-2"}
    assert found("search=+o-2+") == {"o-2"}
    assert found("search=CE1111") == {"o-1"}
    assert found("search=nothing") == set()
    assert found("problems=true") == {"o-2"}
    assert found("state=placed&store=" + TOKYO) == {"o-1", "o-2"}
    assert found("state=shipped") == set()
    assert found("since=2999-01-01") == set()
    assert found("since=1999-01-01&after=nonsense") == {"o-1", "o-2"}
    assert "There is nothing here" not in console.get("/orders?state=nonsense")
    console.get(f"/orders/{TOKYO}/o-9", expect=404)


def test_a_shortfall_is_received_and_over(console: Console, selling: Selling) -> None:
    selling.take(order(tote(12), order_id="o-1"))
    entry = selling.entry("shortfall").entry
    assert "Order desk" in console.get("/desk")

    wrong = console.post(f"/desk/{entry}/receive", {"units": "0", "reason": "x"}, expect=422)
    assert "Must be at least 1" in wrong.text
    form = {"units": "1", "reason": "delivery", "key": "k-1"}
    some = console.follow(console.post(f"/desk/{entry}/receive", form))
    assert "some are still missing" in some
    again = console.follow(console.post(f"/desk/{entry}/receive", form))
    assert "some are still missing" in again
    done = console.follow(console.post(f"/desk/{entry}/receive", {**form, "key": "k-2"}))
    assert "2 units" not in done
    assert "the shortfall is settled" in done
    assert "The desk is clear" in done
    assert "2 units of ce1111 were missing" in console.get("/oversold")


def test_goods_of_a_cancelled_order_come_back(
    console: Console, as_role: AsRole, selling: Selling, shop: Api
) -> None:
    selling.take(order(tote(4), state=OrderState.SHIPPED))
    selling.take(order(tote(4), state=OrderState.CANCELLED, read_s=61))
    path = f"/desk/{selling.entry('cancelled_after_shipping').entry}"
    assert "The goods came back" not in as_role(Role.OPERATOR).get(path)
    form = {"key": "back"}
    done = console.follow(console.post(f"{path}/return", form))
    assert "4 units of ce1111 came back into stock." in done
    assert "The desk is clear" in done
    console.post(f"{path}/return", form)
    assert shop.get("/inventory/ce1111")["on_hand"] == 10


def test_a_store_that_waits_for_keys_keeps_the_desk_from_being_clear(
    console: Console, selling: Selling
) -> None:
    assert "The desk is clear" in console.get("/desk")
    with selling.environment.database.begin() as connection:
        now = selling.clock()
        pause_store(connection, TOKYO, PauseReason.AUTH_EXPIRED, "GA0001 ended", now=now)
    page = console.get("/desk")
    assert "The desk is clear" not in page
    assert "Its key is not accepted any more" in page
    assert "GA0001 ended" in page
    assert re.search(rf'href="/console/test/stores/{TOKYO}#keys">\s*Change the keys</a>', page)
    assert "Not accepted" in console.get("/stores")


def test_an_unmapped_line_is_mapped_or_acknowledged(
    console: Console, selling: Selling, shop: Api, tokyo: str
) -> None:
    shop.delete(f"/listings/{tokyo}/sku")
    selling.take(order(tote(1), order_id="o-1"))
    entry = selling.entry("unmapped").entry

    page = console.get(f"/desk/{entry}")
    assert "ce1111" in page  # suggested by its code
    unknown = console.post(f"/desk/{entry}/map", {"sku": "nothing"}, expect=422)
    assert 'value="nothing"' in unknown.text
    mapped = console.follow(console.post(f"/desk/{entry}/map", {"sku": "CE1111", "key": "m"}))
    assert "now means CE1111" in mapped
    assert shop.get(f"/listings/{tokyo}")["sku"] == "ce1111"
    closed = console.post(f"/desk/{entry}/close", {"note": "told the buyer", "key": "c"})
    assert "off the desk" in console.follow(closed)
    console.post(f"/desk/{entry}/close", {"note": "again", "key": "c-2"}, expect=409)


def test_what_was_given_up_is_tried_again(
    console: Console, counter: Counter, shop: Api, tokyo: str
) -> None:
    give_up(counter, shop)
    assert "no such item" in console.get("/sync")
    assert "no such item" in console.get("/sync/failed")
    assert "Given up" in console.get(f"/listings/{tokyo}")

    said = console.follow(console.post("/sync/retry", {"listing": tokyo}))
    assert "The shop is read and told its number again." in said
    assert store_status(shop, TOKYO)["failed"] == 0
    console.post("/sync/retry", {"listing": tokyo, "key": "other"}, expect=409)


def test_all_that_was_given_up_is_tried_again_at_once(
    console: Console, counter: Counter, shop: Api, tokyo: str
) -> None:
    give_up(counter, shop)
    none = console.follow(console.post("/sync/retry", {"store": OSAKA}))
    assert "0 failed listings are tried again." in none
    said = console.follow(console.post("/sync/retry", {"key": "all"}))
    assert "1 failed listing is tried again." in said
    assert store_status(shop, TOKYO)["failed"] == 0
    assert store_status(shop, TOKYO)["in_doubt"] == {"asked": 1}


def test_numbers_are_told_again(console: Console, counter: Counter, shop: Api, tokyo: str) -> None:
    for fields, told in (
        ({"sku": "CE1111", "store": TOKYO}, "1 listing is told its number again."),
        ({"store": OSAKA}, "0 listings are told their numbers again."),
        ({}, "1 listing is told its number again."),
    ):
        form = {**fields, "key": f"push-{len(fields)}"}
        assert told in console.follow(console.post("/sync/push", form))
    assert store_status(shop, TOKYO)["queued"] == 1
    console.post("/sync/push", {"sku": "nothing", "key": "none"}, expect=422)


def test_a_rule_is_tried_dry_then_set(
    console: Console, test: Environment, tokyo: str, counter: Counter
) -> None:
    for path in (f"/stores/{TOKYO}", f"/listings/{tokyo}"):
        dry = console.get(f"{path}/rule?try=1&share_percent=50")
        assert "1 listing would be told another number" in dry
        with test.database.read() as connection:
            assert read_rule(connection, TOKYO).rule.share_percent is None
        assert "Must be at most 100" in console.get(
            f"{path}/rule?try=1&share_percent=101", expect=422
        )
    done = console.post(f"/stores/{TOKYO}/rule", {"share_percent": "50", "paused": "no"})
    assert "Share of the rest" in console.follow(done)
    own = console.post(f"/listings/{tokyo}/rule", {"cap_units": "3", "key": "own"})
    page = console.follow(own)
    assert "At most" in page
    assert "No number would change" in console.get(
        f"/listings/{tokyo}/rule?try=1&cap_units=10&share_percent=100"
    )
    with test.database.read() as connection:
        effective = read_rule(connection, TOKYO, tokyo).effective
    assert (effective.share_percent, effective.cap_units, effective.paused) == (50, 3, False)


def test_a_store_is_made_with_keys_that_are_never_shown(console: Console, shop: Api) -> None:
    keys = {"service_secret": "SP-not-a-key", "license_key": "SL-not-a-key"}
    form = {"store": "Kobe-1", "name": "神戸店", "shop_code": "kobe", **keys}
    bad = console.post("/stores/new", {**form, "store": ""}, expect=422).text
    page = console.follow(console.post("/stores/new", form))
    assert "神戸店" in page
    assert shop.get("/stores/kobe-1")["has_credentials"]
    taken = console.post("/stores/new", {**form, "name": "other", "key": "2"}, expect=409).text
    wrong = {"service_secret": "with a space", "license_key": "ｆｕｌｌ", "key": "3"}
    refused = console.post("/stores/kobe-1/keys", wrong, expect=409).text
    changed = console.follow(console.post("/stores/kobe-1/keys", {**keys, "key": "4"}))
    for text in (bad, page, taken, refused, changed, console.get("/stores")):
        assert not {"SP-not-a-key", "SL-not-a-key", "with a space", "ｆｕｌｌ"} & set(
            re.findall(r'value="([^"]*)"', text)
        )
        assert "not-a-key" not in text


def test_a_store_is_changed_paused_resumed_and_given_up(
    console: Console, shop: Api, counter: Counter
) -> None:
    path = f"/stores/{TOKYO}"
    settings = {"name": "東京", "poll_interval_s": "60", "sku_code_from": "variant_id"}
    settings["freshness_target_s"] = "90"
    assert "東京" in console.follow(console.post(f"{path}/settings", settings))
    stored = shop.get(path)["settings"]
    assert (stored["poll_interval_s"], stored["confirm_orders"]) == (60, False)
    assert stored["freshness_target_s"] == 90
    console.post(f"{path}/settings", {**settings, "poll_interval_s": "1"}, expect=422)
    for key, status, word in (("p", "paused", "Let it go on"), ("r", "active", "Pause")):
        page = console.follow(console.post(f"{path}/status", {"status": status, "key": key}))
        assert word in page
    assert "being read" in console.follow(console.post(f"{path}/pull", {"key": "pull"}))
    (task,) = shop.get("/tasks")["tasks"]
    assert "Read the catalogue" in console.get("/tasks")
    console.follow(console.post(f"/tasks/{task['task_id']}/cancel", {"key": "stop"}))
    assert shop.get(f"/tasks/{task['task_id']}")["state"] == "cancelled"
    assert "Inactive" in console.follow(console.post(f"{path}/deactivate", {"key": "end"}))
    console.get("/stores/nowhere", expect=404)


def test_a_connection_without_keys_says_why(console: Console, counter: Counter) -> None:
    page = console.post(f"/stores/{TOKYO}/test", {}, expect=200).text
    assert "The shop does not accept the keys" in page


def test_an_operator_does_not_touch_keys(as_role: AsRole, counter: Counter) -> None:
    operator = as_role(Role.OPERATOR)
    page = operator.get(f"/stores/{TOKYO}")
    assert "license_key" not in page
    assert "Save" in page
    operator.get("/stores/new", expect=403)


def test_the_count_of_the_desk_stands_in_the_menu(console: Console, selling: Selling) -> None:
    assert re.search(r'id="waiting-e" hidden', console.get("/tasks"))
    selling.take(order(line("ghost", 1), order_id="o-2"))
    assert re.search(r'id="waiting-e">1\b', console.get("/tasks"))
