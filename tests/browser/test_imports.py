"""A file in the browser: given, seen, brought in, taken back."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.watching import assert_accessible
from tests.imports.normal_item import write_normal_item


def test_a_cp932_file_is_seen_brought_in_and_taken_back(desk: Page, tmp_path: Path) -> None:
    file = tmp_path / "normal-item.csv"
    write_normal_item(file, 24)
    desk.goto("/console/test/imports")
    desk.get_by_role("link", name="Import a file").first.click()
    expect(desk.get_by_role("heading", name="Import a file")).to_be_visible()
    assert_accessible(desk)
    desk.get_by_label("File", exact=False).first.set_input_files(file)
    desk.get_by_label("What a quantity does").select_option("replace")
    desk.get_by_role("button", name="See what it would change").click()

    expect(desk.get_by_text("To be confirmed")).to_be_visible(timeout=15_000)
    expect(desk.get_by_text("Shift_JIS (CP932)").first).to_be_visible()
    expect(desk.locator(".changes th").first).to_have_text("Manage number")
    expect(desk.locator(".changes tbody tr", has_text="→").first).to_be_visible()
    assert_accessible(desk)
    desk.set_viewport_size({"width": 375, "height": 812})
    assert desk.evaluate("document.documentElement.scrollWidth") <= 375
    assert_accessible(desk)
    desk.set_viewport_size({"width": 1280, "height": 900})

    desk.get_by_role("button", name="Bring it in").click()
    expect(desk.get_by_text(re.compile("Brought in: 24"))).to_be_visible(timeout=15_000)
    desk.get_by_role("link", name="Take back").click()
    expect(desk.get_by_role("heading", name="Take back normal-item.csv")).to_be_visible()
    assert_accessible(desk)
    desk.get_by_role("button", name="Take back all of it").click()
    expect(desk.get_by_text("Taken back: the stock of")).to_be_visible()
    expect(desk.get_by_text("Taken back", exact=True)).to_be_visible()
