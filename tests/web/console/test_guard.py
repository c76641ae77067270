"""Every page that is declared: for whom, with which right, by which forms."""

import re

import pytest

from onhand.access.model import Right, Role, Scope
from onhand.web.console.app import declared
from onhand.web.console.routing import Page
from tests.web.console.client import Console
from tests.web.console.conftest import AsRole

PAGES = list(declared())
GUARDED = [(path, page) for path, page in PAGES if page.right is not None]


def name(value: object) -> str | None:
    """A test is called by the page's path and method."""
    return value.method if isinstance(value, Page) else None


def address(path: str) -> str:
    """An address of the page; what is named in it is nobody's."""
    return "/console" + re.sub(r"{\w+}", "nothing", path.replace("{environment}", "test"))


@pytest.mark.parametrize(("path", "page"), GUARDED, ids=name)
def test_strangers_are_shown_the_door(path: str, page: Page, visitor: Console) -> None:
    answer = visitor.send(page.method, address(path), data={} if page.method == "POST" else None)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/console/sign-in")
    part = visitor.send("GET", address("/{environment}/"), headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["hx-redirect"][:16]) == (401, "/console/sign-in")


def test_a_role_without_the_right_is_refused_everywhere(as_role: AsRole) -> None:
    for role in (Role.VIEWER, Role.OPERATOR):
        console = as_role(role)
        for path, page in GUARDED:
            assert page.right is not None
            if Scope(role).allows(page.right):
                continue
            answer = console.send(page.method, address(path), data={"csrf": console.token})
            assert answer.status_code == 403, path


def test_no_form_is_taken_without_its_token(console: Console) -> None:
    for path, page in PAGES:
        if page.method != "POST":
            continue
        for fields in ({}, {"csrf": "x" * 43}, {"csrf": "ü"}):
            assert console.send("POST", address(path), data=fields).status_code == 403, path
        answer = console.send(
            "POST",
            address(path),
            data={"csrf": console.token},
            headers={"sec-fetch-site": "cross-site"},
        )
        assert answer.status_code == 403, path


def test_writes_ask_for_more_than_reading() -> None:
    own = {
        "/{environment}/account",
        "/{environment}/account/password",
        "/{environment}/stock/-/views",
        "/{environment}/stock/-/views/remove",
    }
    lax = [p for p, page in GUARDED if page.method == "POST" and page.right is Right.READ]

    assert set(lax) <= own


def test_an_unknown_environment_and_page_are_not_found(console: Console) -> None:
    assert "There is nothing here" in console.get("/console/staging/", expect=404)
    assert "There is nothing here" in console.get("/nowhere/at/all", expect=404)
    assert console.send("POST", "/console/test/nowhere").status_code == 404
