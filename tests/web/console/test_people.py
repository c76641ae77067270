"""Signing in and out, set-up links, one's own account, messages."""

import base64
import re

import pytest

from onhand.access.commands.accounts import SetUpLink, begin_set_up, create_user
from onhand.access.model import Actor, Asked, NewUser, Role
from onhand.access.model.people import csrf_token
from onhand.bootstrap.environment import Onhand
from onhand.web.console.security import FLASH_COOKIE, SESSION_COOKIE
from tests.web.console.client import PASSWORD, Console

CREDENTIALS = {"name": "Mei", "password": PASSWORD}


@pytest.fixture
def link(onhand: Onhand) -> str:
    """The set-up link of a new operator called Mei."""
    live = onhand.live
    create_user(live.database, Actor("test"), NewUser("Mei", Role.OPERATOR), now=live.clock())
    made = begin_set_up(live.database, Asked(Actor("test"), live.clock()), "Mei")
    assert isinstance(made, SetUpLink)
    return made.secret


def choose(link: str, **more: str) -> dict[str, str]:
    """The form of a set-up link, filled in."""
    return {
        "link": link,
        "password": PASSWORD,
        "again": PASSWORD,
        "language": "ja",
        "timezone": "Asia/Shanghai",
        **more,
    }


def test_a_set_up_link_is_used_once(link: str, visitor: Console) -> None:
    assert "Welcome, Mei" in visitor.get(f"/console/set-up?link={link}")
    assert "differ" in visitor.post("/console/set-up", choose(link, again="x"), expect=422).text
    short = choose(link, password="short", again="short")
    assert "is-invalid" in visitor.post("/console/set-up", short, expect=422).text
    answer = visitor.post("/console/set-up", choose(link))
    assert visitor.follow(visitor.send("GET", answer.headers["location"])).count("ダッシュボード")

    assert "no longer works" in visitor.get(
        f"/console/set-up?link={link}", expect=404, headers={"cookie": "onhand_language=en"}
    )


def test_somebody_signs_in_goes_where_they_wanted_and_leaves(link: str, visitor: Console) -> None:
    visitor.get(f"/console/set-up?link={link}")
    visitor.post("/console/set-up", choose(link, language="en"))
    visitor.post("/console/sign-out", {})
    assert SESSION_COOKIE not in visitor.cookies

    door = visitor.send("GET", "/account?x=1").headers["location"]
    assert door == "/console/sign-in?next=%2Fconsole%2Ftest%2Faccount%3Fx%3D1"
    page = visitor.get(door)
    wanted = re.findall(r'name="next" value="([^"]+)"', page)
    wrong = visitor.post("/console/sign-in", {**CREDENTIALS, "password": "no"}, expect=403)
    assert PASSWORD not in wrong.text
    answer = visitor.post("/console/sign-in", {**CREDENTIALS, "next": wanted[0]})
    assert answer.headers["location"] == "/console/test/account?x=1"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Asia/Shanghai" in visitor.follow(answer)


@pytest.mark.parametrize("next_page", ["//evil.test", "https://evil.test/", "/console/\\evil", ""])
def test_nobody_is_sent_elsewhere_after_signing_in(
    next_page: str, link: str, visitor: Console
) -> None:
    visitor.get(f"/console/set-up?link={link}")
    visitor.post("/console/set-up", choose(link))
    visitor.post("/console/sign-out", {})
    visitor.get("/console/sign-in")
    answer = visitor.post("/console/sign-in", {**CREDENTIALS, "next": next_page})
    assert answer.headers["location"] == "/console/"


def test_ones_own_settings_are_kept_and_told(console: Console) -> None:
    answer = console.post("/account", {"language": "zh", "timezone": "Asia/Shanghai"})
    page = console.follow(answer)
    assert "设置已保存" in page
    assert "设置已保存" not in console.get("/account")
    assert (
        "is-invalid"
        in console.post("/account", {"language": "zh", "timezone": "Mars/Base"}, expect=422).text
    )


def test_ones_own_password_is_changed(console: Console) -> None:
    new = "another horse, another staple"
    fields = {"old": PASSWORD, "new": new, "again": new}
    assert "differ" in console.post("/account/password", {**fields, "again": "x"}, expect=422).text
    assert (
        "is-invalid"
        in console.post("/account/password", {**fields, "old": "wrong"}, expect=422).text
    )
    before = console.cookies[SESSION_COOKIE]
    page = console.follow(console.post("/account/password", fields))
    assert "Your password was changed" in page
    assert console.cookies[SESSION_COOKIE] != before


def test_a_message_of_somebody_else_is_not_shown(console: Console) -> None:
    body = base64.urlsafe_b64encode(b'[{"text":"pay here"}]').decode()
    console.cookies.set(FLASH_COOKIE, f"{body}.{csrf_token(body)}", "onhand.test", "/console")
    assert "pay here" not in console.get("/account")


def test_language_and_theme_are_chosen_from_any_page(console: Console) -> None:
    back = "/console/test/account"
    answer = console.post("/console/language", {"language": "ja", "back": back})
    assert "アカウント" in console.follow(answer)
    answer = console.post("/console/theme", {"theme": "dark", "back": back})
    assert 'data-theme="dark"' in console.follow(answer)
    answer = console.post("/console/theme", {"theme": "light", "back": "//evil.test/"})
    assert answer.headers["location"] == "/console/"
