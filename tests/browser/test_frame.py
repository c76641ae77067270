"""The frame in a browser: signing in, languages, themes, keyboard, live, phones."""

import re

import httpx
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, Site, on_one_database
from tests.browser.watching import assert_accessible


def test_somebody_signs_in_and_out(site: Site) -> None:
    context = site.browser.new_context(base_url=site.url, locale="en-US")
    page = context.new_page()
    page.goto("/console/test/account")
    page.get_by_label("Name").fill("Admin")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    assert page.url.endswith("/console/test/account")

    page.locator("summary", has_text="admin").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/console/test/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    context.close()


def test_the_language_is_chosen_and_kept(site: Site, desk: Page) -> None:
    desk.goto("/console/test/")
    for name, title in (("日本語", "ダッシュボード"), ("中文", "概览"), ("English", "Dashboard")):
        desk.locator("header summary").first.click()
        desk.get_by_role("button", name=name).click()
        expect(desk.get_by_role("heading", level=1)).to_have_text(title)
    assert desk.locator("html").get_attribute("lang") == "en"


@on_one_database
def test_the_theme_is_chosen_and_kept(desk: Page) -> None:
    desk.goto("/console/test/")
    background = "getComputedStyle(document.body).backgroundColor"
    light = desk.evaluate(background)
    desk.get_by_label("Appearance").click()
    desk.get_by_role("button", name="Dark").click()
    expect(desk.locator("html")).to_have_attribute("data-theme", "dark")
    assert desk.evaluate(background) != light
    desk.get_by_label("Appearance").click()
    desk.get_by_role("button", name="As the system").click()
    expect(desk.locator("html")).to_have_attribute("data-theme", "system")
    assert desk.evaluate(background) == light


@on_one_database
def test_the_environment_is_a_word_and_a_colour(desk: Page) -> None:
    desk.goto("/console/test/")
    here = desk.get_by_role("group", name="Environment").locator("[aria-current]")
    colour = "node => getComputedStyle(node).backgroundColor"
    expect(here).to_have_text("Test")
    test = here.evaluate(colour)
    desk.get_by_role("group", name="Environment").get_by_text("Live").click()
    expect(here).to_have_text("Live")
    assert here.evaluate(colour) != test


@on_one_database
def test_the_keyboard_reaches_everything(desk: Page) -> None:
    desk.goto("/console/live/")
    desk.keyboard.press("Tab")
    expect(desk.get_by_text("Skip to content")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.locator("main")).to_be_focused()
    desk.keyboard.press("?")
    expect(desk.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    desk.keyboard.press("Escape")
    expect(desk.get_by_role("dialog")).to_be_hidden()
    desk.keyboard.press("g")
    desk.keyboard.press("d")
    expect(desk).to_have_url(re.compile("/console/live/$"))


def test_the_dashboard_follows_the_ledger(site: Site, desk: Page) -> None:
    desk.goto("/console/test/")
    expect(desk.locator(".live-sign")).to_have_attribute("data-live-state", "on")
    latest = desk.locator("#events tbody tr").first
    token = (site.state.parent / "home/admin-token.test").read_text().strip()
    httpx.post(
        f"{site.url}/api/v1/inventory/receive",
        headers={"Authorization": f"Bearer {token}"},
        json={"lines": [{"sku": "ce1111", "quantity": 7}], "reason": "delivery"},
    ).raise_for_status()
    expect(latest).to_contain_text("ce1111", timeout=8000)
    expect(latest).to_contain_text("+7")


@on_one_database
def test_a_page_can_be_read_without_script(site: Site) -> None:
    context = site.visit(java_script_enabled=False)
    page = context.new_page()
    page.goto("/console/test/")
    expect(page.locator("#events tbody tr").first).to_be_visible()
    page.get_by_text("Show as a table").click()
    expect(page.get_by_role("table", name="Orders per hour by store")).to_be_visible()
    context.close()


@on_one_database
def test_the_first_load_is_light(site: Site, desk: Page) -> None:
    sizes: list[int] = []
    desk.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    desk.goto("/console/test/", wait_until="load")
    desk.locator("canvas").wait_for()
    assert 50_000 < sum(sizes) < 350_000
