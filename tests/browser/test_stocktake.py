"""Counting on a phone: scans of a typing scanner, a number entered, and what becomes of stock."""

from playwright.sync_api import Page, expect

from tests.browser.watching import Watcher, assert_accessible


def test_a_shelf_is_counted_on_a_phone(phone: Page, watcher: Watcher) -> None:
    watcher.expect(409)  # of what is not on the sheet
    phone.goto("/console/test/counts/-/new")
    phone.get_by_label("Title").fill("棚B 中国茶")
    phone.get_by_label("What a search finds").check()
    phone.get_by_label("Code, name or alias").fill("tea-400")
    phone.get_by_role("button", name="Begin counting").tap()
    expect(phone.get_by_label("Scan or type a code")).to_be_focused()
    phone.wait_for_load_state()  # before that, each scan is a form sent and a page loaded

    for code in ("TEA-4003", "TEA-4003", "silk-5001"):  # as a scanner types it
        phone.keyboard.type(code)
        phone.keyboard.press("Enter")
    scans = phone.locator(".scan")
    expect(scans).to_have_count(3)
    expect(phone.locator(".scan.is-pending")).to_have_count(0)
    expect(scans.nth(1).locator("strong")).to_have_text("2")
    expect(scans.first).to_contain_text("is not on this stocktake")
    expect(scans.first.get_by_role("button", name="Add it to this stocktake")).to_be_visible()

    phone.get_by_text("Enter a number").tap()
    phone.get_by_label("Code", exact=True).fill("tea-4003")
    phone.get_by_label("On the shelf").fill("11")
    phone.get_by_role("button", name="Save").tap()
    expect(phone.locator("[data-progress-text]")).to_have_text("1 / 3")
    expect(scans.first.locator("strong")).to_have_text("11")
    assert_accessible(phone)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 375

    phone.get_by_role("link", name="Finish").tap()
    line = phone.locator("tbody tr", has_text="TEA-4003")
    expect(line.locator("strong")).to_have_text("−1")
    phone.get_by_role("button", name="Finish and correct stock").tap()
    expect(phone.get_by_role("status").first).to_contain_text("Finished")
    phone.goto("/console/test/stock/tea-4003")
    expect(phone.locator("#figures dd").first).to_have_text("11")
