"""Counting on a phone: scans of a scanner and the camera, a number, what becomes of stock."""

from playwright.sync_api import Page, Route, expect

from tests.browser.watching import Watcher, assert_accessible

_SCRIPT = "**/stocktake-*.js"
# Chromium reads no barcodes on Linux: this sees one in every picture that the camera takes.
_READER = """
window.BarcodeDetector = class {
  static async getSupportedFormats() { return ['code_128']; }
  async detect(video) { return video.videoWidth ? [{ rawValue: 'TEA-4001' }] : []; }
};
"""


def test_a_shelf_is_counted_on_a_phone(phone: Page, watcher: Watcher) -> None:
    watcher.expect(409)  # of what is not on the sheet
    phone.goto("/console/test/counts/-/new")
    phone.get_by_label("Title").fill("棚B 中国茶")
    phone.get_by_label("What a search finds").check()
    phone.get_by_label("Code, name or alias").fill("tea-400")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    phone.route(_SCRIPT, hold, times=1)
    with phone.expect_request(_SCRIPT):
        phone.get_by_role("button", name="Begin counting").tap()
    expect(phone.get_by_label("Scan or type a code")).to_have_count(0)  # not before its script
    held[0].continue_()
    expect(phone.get_by_label("Scan or type a code")).to_be_focused()

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

    expect(phone.get_by_text("does not read barcodes with the camera")).to_be_visible()
    phone.add_init_script(_READER)
    phone.reload()
    camera = phone.get_by_role("button", name="Scan with the camera")
    camera.tap()
    expect(scans.first.locator("strong")).to_have_text("1")
    expect(scans.first).to_contain_text("TEA-4001")
    expect(phone.locator("video")).to_be_visible()
    camera.tap()
    expect(phone.locator("video")).to_be_hidden()
    expect(phone.locator("[data-progress-text]")).to_have_text("2 / 3")

    phone.get_by_role("link", name="Finish").tap()
    line = phone.locator("tbody tr", has_text="TEA-4003")
    expect(line.locator("strong")).to_have_text("−1")
    phone.get_by_role("button", name="Finish and correct stock").tap()
    expect(phone.get_by_role("status").first).to_contain_text("Finished")
    phone.goto("/console/test/stock/tea-4003")
    expect(phone.locator("#figures dd").first).to_have_text("11")
