"""The dashboard: its figures lead to what they count, and what needs a person is said first."""

import re
from datetime import timedelta

from onhand.access.model import Role
from onhand.bootstrap.environment import Environment
from onhand.catalog.commands.stores import note_key
from tests.shop import FakeClock
from tests.sync.counter import OSAKA, TOKYO, Counter
from tests.web.client import Api
from tests.web.console.client import Console
from tests.web.console.conftest import AsRole

KEYS = {"service_secret": "SP1", "license_key": "SL1"}


def figure(page: str, path: str) -> int:
    """The number that leads to a list."""
    (shown,) = re.findall(rf'href="{re.escape(path)}">\s*<dl.*?<dd>([\d,]+)', page, re.DOTALL)
    return int(shown.replace(",", ""))


def test_every_figure_leads_to_the_list_it_counts(
    console: Console, shop: Api, counter: Counter, tokyo: str
) -> None:
    shop.post("/skus", {"sku": "b"}, expect=201)
    shop.put("/inventory/ce1111/threshold", {"low_stock_threshold": 20})
    counter.listing(OSAKA)
    page = console.get("/")
    for state, number in (("low", 2), ("out", 1), ("oversold", 0)):
        path = f"/console/test/stock?state={state}"
        assert figure(page, path) == number
        assert console.get(path).count('data-label="Sellable"') == number
    for path, number in (("/sync", 1), ("/sync/failed", 0), ("/sync/drift", 0), ("/desk", 2)):
        assert figure(page, f"/console/test{path}") == number, path
    desk = console.get("/desk")
    assert desk.count("It has no keys yet") == 2
    assert re.search(r'id="waiting-e">2\s', desk)


def test_what_needs_a_person_is_said_first(
    as_role: AsRole, shop: Api, counter: Counter, test: Environment
) -> None:
    for store in (TOKYO, OSAKA):
        shop.put(f"/stores/{store}/credentials", KEYS)
    console = as_role(Role.VIEWER)
    assert "flash tone" not in console.get("/")
    now = counter.clock()
    with test.database.begin() as connection:
        note_key(connection, TOKYO, now + timedelta(days=13), now=now)
        note_key(connection, OSAKA, now + timedelta(days=2), now=now)
    page = console.get("/")
    assert page.count("Its keys end on") == 2
    assert ("13 days left" in page, "2 days left" in page) == (True, True)
    counter.clock.advance(3 * 86_400)
    console = as_role(Role.VIEWER)
    assert "Its keys ended on" in console.get("/")
    shop.patch(f"/stores/{OSAKA}", {"status": "paused"})
    for path in ("/", "/sync", "/desk"):
        assert "Paused by hand" in console.get(path)


def test_a_target_is_met_missed_or_late(
    console: Console, shop: Api, counter: Counter, clock: FakeClock, tokyo: str
) -> None:
    shop.put(f"/stores/{TOKYO}/credentials", KEYS)
    stands = shop.get("/sync/status")["stores"][1]["sync"]
    told = stands["freshness"]["p99_s"]
    assert (stands["freshness_target_s"], stands["missed_target"]) == (300, told > 300)
    shop.patch(f"/stores/{TOKYO}", {"settings": {"freshness_target_s": 86_400}})
    assert ">Met<" in console.get("/sync")
    shop.patch(f"/stores/{TOKYO}", {"settings": {"freshness_target_s": 1}})
    assert ">Missed<" in console.get("/")
    shop.put("/inventory/ce1111/adjust", {"mode": "set", "quantity": 4, "reason": "count"})
    shop.post(f"/sync/{TOKYO}", expect=202)
    assert ">Late<" not in console.get("/sync")
    clock.advance(2)
    for path in ("/", "/sync"):
        page = console.get(path)
        assert ">Late<" in page
        assert "A change has waited for 2 sec; 1 sec is the target." in page
