"""Selling in a browser: an order falls through to another shop, shortfalls, failures, rules."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site

# Until a shop was asked and the others were told; a busy machine takes its time.
SOON_MS = 40_000


class Shops:
    """The simulated shops from outside, and the API of ours."""

    def __init__(self, site: Site) -> None:
        """Of a running server."""
        token = (site.state.parent / "home/admin-token.test").read_text().strip()
        self._sim = httpx.Client(base_url=f"{site.simulator}/_sim", timeout=20)
        self._api = httpx.Client(
            base_url=f"{site.url}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=20,
        )

    def close(self) -> None:
        """Leave no connection behind."""
        self._sim.close()
        self._api.close()

    def buy(self, town: str, name: str, units: int = 1) -> None:
        """Somebody buys in one of the shops, which is asked for orders at once."""
        line = {"item": f"{town}-{name}", "variant": "normal-inventory", "units": units}
        answer = self._sim.post(f"/{town}-bags/orders", json={"lines": [line]})
        answer.raise_for_status()
        body = {"store": f"{town}-bags"}
        self._api.post("/rakuten/manual-poll", json=body).raise_for_status()

    def offered(self, town: str, sku: str) -> int:
        """What a shop shows its buyers."""
        rows = self._sim.get(f"/{town}-bags/stock").raise_for_status().json()
        return next(int(row["units"]) for row in rows if row["sku"] == sku)

    def spoil(self, town: str) -> None:
        """Have a shop refuse every number it is told, until `mend`."""
        fault = {
            "kind": "error",
            "function": "inventories.bulk.upsert",
            "shop": f"{town}-bags",
            "status": 400,
            "code": "IE0100",
        }
        body = {"fault": fault, "times": 50}
        self._sim.post("/faults", json=body).raise_for_status()

    def mend(self) -> None:
        """No more faults."""
        self._sim.delete("/faults").raise_for_status()

    def adjust(self, sku: str, units: int) -> None:
        """Set on hand."""
        body = {"mode": "set", "quantity": units, "reason": "count"}
        self._api.put(f"/inventory/{sku}/adjust", json=body).raise_for_status()

    def listing(self, town: str, sku: str) -> str:
        """The id of a shop's listing of a SKU; its catalogue is read soon after the start."""
        for _ in range(60):  # half a minute
            answer = self._api.get(f"/stores/{town}-bags/skus", params={"sku": sku})
            found: list[dict[str, Any]] = answer.raise_for_status().json()["listings"]
            if found:
                return str(found[0]["listing"])
            time.sleep(0.5)
        raise AssertionError(f"{town} does not list {sku}")


@pytest.fixture
def shops(site: Site) -> Iterator[Shops]:
    """The shops of the running server."""
    made = Shops(site)
    yield made
    made.close()


def figure(page: Page, name: str) -> Any:
    """The number under a name."""
    return page.locator(".figure-card", has_text=name).locator("dd")


def test_an_order_in_one_shop_lowers_anothers_number_live(desk: Page, shops: Shops) -> None:
    shops.listing("osaka", "ce1114")
    desk.goto("/console/test/stores/osaka-bags/listings?sku=ce1114")
    desk.locator("tbody tr").get_by_role("link").first.click()
    expect(figure(desk, "Should show")).to_have_text("35")
    expect(figure(desk, "Shows, as far as we know")).to_have_text("35", timeout=SOON_MS)

    shops.buy("tokyo", "mamezara", 2)

    expect(figure(desk, "Shows, as far as we know")).to_have_text("33", timeout=SOON_MS)
    expect(desk.get_by_text("Delivered").first).to_be_visible()
    assert shops.offered("osaka", "CE1114") == 33


def test_a_shortfall_is_resolved(desk: Page, shops: Shops) -> None:
    desk.goto("/console/test/desk")
    shops.buy("tokyo", "enamel-mug")
    shops.buy("osaka", "enamel-mug")
    receive = desk.locator("tbody tr", has_text="mug-8001").get_by_role("link", name="Receive")
    expect(receive).to_be_visible(timeout=SOON_MS)
    expect(desk.locator("nav #waiting-e").first).to_contain_text("1")

    receive.click()
    expect(desk.get_by_role("spinbutton", name="Units")).to_have_value("1")
    desk.get_by_label("Reason").fill("delivery note 881")
    desk.get_by_role("button", name="Receive").click()

    expect(desk.get_by_role("status").first).to_contain_text("the shortfall is settled")
    expect(desk.get_by_text("The desk is clear")).to_be_visible()
    desk.get_by_role("link", name="Oversell report").click()
    expect(desk.get_by_text("1 unit of mug-8001 was missing")).to_be_visible()


def test_a_failed_push_is_tried_again(desk: Page, shops: Shops) -> None:
    listing = shops.listing("osaka", "kn3002")
    desk.goto("/console/test/sync")
    shops.spoil("osaka")
    shops.adjust("kn3002", 19)
    row = desk.locator("#failed-now tbody tr", has_text="kn3002")
    expect(row).to_contain_text("IE0100", timeout=SOON_MS)

    shops.mend()
    row.get_by_role("button", name="Try again").click()

    expect(desk.get_by_role("status").first).to_contain_text("read and told its number again")
    desk.goto(f"/console/test/listings/{listing}")
    expect(figure(desk, "Shows, as far as we know")).to_have_text("19", timeout=SOON_MS)
    assert shops.offered("osaka", "KN3002") == 19


def test_a_rule_is_set_after_a_dry_run(desk: Page, shops: Shops) -> None:
    listing = shops.listing("sendai", "tw2003")
    desk.goto("/console/test/stores/sendai-bags/rule")
    desk.get_by_label("Share of the rest, %").fill("50")
    desk.get_by_role("button", name="Show what would change").click()
    row = desk.locator("tbody tr", has_text="tw2003")
    expect(row.locator("td").nth(2)).to_have_text("150")
    expect(row.locator("td").nth(3)).to_have_text("75")
    assert shops.offered("sendai", "TW2003") == 150

    desk.get_by_role("button", name="Set this rule").click()

    expect(desk.get_by_role("status").first).to_contain_text("The rule was set")
    desk.goto(f"/console/test/listings/{listing}")
    expect(figure(desk, "Shows, as far as we know")).to_have_text("75", timeout=SOON_MS)
    assert shops.offered("sendai", "TW2003") == 75
