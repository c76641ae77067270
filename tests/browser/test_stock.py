"""Stock in a browser: find a SKU and explain its number; adjust with a reason and undo it."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import on_one_database


def test_a_sku_is_found_and_its_number_explained(desk: Page) -> None:
    desk.goto("/console/test/stock")
    desk.keyboard.press("/")
    desk.keyboard.type("急須")
    desk.keyboard.press("Enter")
    desk.get_by_role("link", name="CE1111").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("CE1111")
    figures = desk.locator("#figures")
    shown = {
        name: figures.locator("dl", has_text=name).locator("dd").inner_text().split()[0]
        for name in ("On hand", "Reserved", "Available")
    }
    desk.get_by_role("link", name="Why these numbers?").click()
    for name, units in shown.items():
        region = desk.get_by_role("region", name=name, exact=True)
        expect(region.locator(".total")).to_contain_text(units)
    desk.get_by_role("region", name="On hand").get_by_role("link", name="Received").click()
    expect(desk.locator("#events tbody tr").first).to_contain_text("Received")
    desk.goto("/console/test/stock/ce1111")
    # Why a shop shows what it shows is told on the listing's own page.
    why = desk.get_by_role("link", name="Why?").first
    expect(why).to_have_attribute("href", re.compile("/listings/"))


def test_an_adjustment_is_made_with_a_reason_and_undone(desk: Page) -> None:
    desk.goto("/console/test/stock/tw2001")
    on_hand = desk.locator("#figures dd").first
    before = int(on_hand.inner_text())
    desk.get_by_role("link", name="Adjust").click()
    desk.get_by_label("How").select_option("subtract")
    desk.get_by_label("Units").fill("3")
    desk.get_by_role("button", name="Adjust").click()
    expect(desk.get_by_label("Reason")).to_be_focused()  # it is asked for
    desk.get_by_label("Reason").fill("倉庫で破損")
    desk.get_by_role("button", name="Adjust").click()
    expect(desk.locator("#flashes")).to_contain_text("was adjusted")
    expect(on_hand).to_have_text(str(before - 3))
    expect(desk.locator("#events tbody tr").first).to_contain_text("倉庫で破損")
    desk.get_by_role("button", name="Undo").click()
    expect(desk.locator("#flashes")).to_contain_text("Taken back")
    expect(on_hand).to_have_text(str(before))
    expect(desk.locator("#events")).to_contain_text("Was taken back")


@on_one_database
def test_many_are_chosen_and_changed(desk: Page) -> None:
    desk.goto("/console/test/stock?search=tea-")
    desk.get_by_label("Choose all on this page").check()
    desk.get_by_role("button", name="Set threshold").click()
    desk.get_by_label("Low-stock threshold").fill("100000")
    desk.get_by_role("button", name="Set threshold").click()
    expect(desk.locator("#flashes")).to_contain_text("SKUs is now 100,000")
    desk.get_by_role("link", name="Low", exact=True).click()
    expect(desk.get_by_role("link", name="TEA-4001")).to_be_visible()
    desk.get_by_text("Saved views").click()
    desk.get_by_label("Save this view as").fill("残りわずか")
    desk.get_by_role("button", name="Save").click()
    expect(desk.get_by_role("link", name="残りわずか")).to_have_attribute("aria-current", "true")
