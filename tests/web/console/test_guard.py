"""Every page that is declared: for whom, with which right, by which forms."""

import re

from onhand.access.model import Right, Role, Scope
from onhand.web.console.app import declared
from tests.web.console.client import Console
from tests.web.console.conftest import AsRole

PAGES = list(declared())
GUARDED = [(path, page) for path, page in PAGES if page.right is not None]


def address(path: str) -> str:
    """An address of the page; what is named in it is nobody's."""
    return "/console" + re.sub(r"{\w+}", "nothing", path.replace("{environment}", "test"))


def test_strangers_are_shown_the_door(visitor: Console) -> None:
    for path, page in GUARDED:
        data: dict[str, str] | None = {} if page.method == "POST" else None
        answer = visitor.send(page.method, address(path), data=data)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/console/sign-in"), path
    part = visitor.send("GET", address("/{environment}/"), headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["hx-redirect"][:16]) == (401, "/console/sign-in")


def test_the_door_says_where_the_first_link_is_until_it_was_used(
    visitor: Console, as_role: AsRole
) -> None:
    assert "Nobody has chosen a password yet" in visitor.get("/console/sign-in")
    as_role(Role.VIEWER)
    assert "Nobody has chosen" not in visitor.get("/console/sign-in")


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


# Who may come where; a page that is in no row is read by everybody and written by operators.
ADMINISTRATORS = """
GET /people, POST /people, POST /people/{name}/link, POST /people/{name}/role,
POST /people/{name}/active, GET /tokens, POST /tokens, POST /tokens/{token}/revoke, GET /settings,
GET /stores/new, POST /stores/new, POST /stores/{store}/keys, POST /stores/{store}/deactivate,
POST /desk/{entry}/return
"""
OPERATORS_READ = """
/stock/-/new, /stock/-/bulk, /stock/-/undo, /stock/{sku}/edit, /stock/{sku}/adjust,
/stock/{sku}/receive, /stock/{sku}/transfer, /stock/{sku}/count, /stock/{sku}/explain,
/counts, /counts/-/new, /counts/{count}, /counts/{count}/finish,
/imports/new, /imports/{import}/undo, /exports/events, /audit, /audit/export,
/stores/{store}/rule, /listings/{listing}/rule
"""
EVERYBODY_WRITES = "/account, /account/password, /stock/-/views, /stock/-/views/remove"


def rows(table: str) -> set[str]:
    """The entries of a table above."""
    return {" ".join(entry.split()) for entry in table.split(",")}


def right_of(method: str, path: str) -> Right:
    """What the tables say of a page."""
    if f"{method} {path}" in rows(ADMINISTRATORS):
        return Right.ADMINISTER
    if method == "GET":
        return Right.OPERATE if path in rows(OPERATORS_READ) else Right.READ
    return Right.READ if path in rows(EVERYBODY_WRITES) else Right.OPERATE


def test_every_page_asks_for_the_right_it_should() -> None:
    found = {
        (page.method, path.removeprefix("/{environment}")): page.right for path, page in GUARDED
    }
    named = rows(ADMINISTRATORS) | {
        *(f"GET {path}" for path in rows(OPERATORS_READ)),
        *(f"POST {path}" for path in rows(EVERYBODY_WRITES)),
    }

    assert found == {page: right_of(*page) for page in found}
    assert named <= {f"{method} {path}" for method, path in found}


def test_an_unknown_environment_and_page_are_not_found(console: Console) -> None:
    assert "There is nothing here" in console.get("/console/staging/", expect=404)
    assert "There is nothing here" in console.get("/nowhere/at/all", expect=404)
    assert console.send("POST", "/console/test/nowhere").status_code == 404
