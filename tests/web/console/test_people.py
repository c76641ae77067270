"""People and API tokens in the console."""

import re
import uuid

from onhand.access.model import Role
from onhand.access.queries import list_tokens
from onhand.access.queries.people import UserView, find_user, list_users
from onhand.bootstrap.environment import Onhand
from tests.web.console.client import Console
from tests.web.console.conftest import AsRole

SATO = {"name": "Sato", "role": "operator", "language": "ja", "timezone": "Asia/Tokyo"}


def person(onhand: Onhand, name: str) -> UserView:
    """Somebody who is known."""
    with onhand.live.database.read() as connection:
        found = find_user(connection, name)
    assert found is not None
    return found


def send(console: Console, path: str, expect: int = 303, **fields: str) -> str:
    """A form of its own; what the page that answers says."""
    return console.post(path, {"key": uuid.uuid4().hex, **fields}, expect=expect).text


def test_a_link_is_shown_once_and_lets_its_person_in(
    console: Console, visitor: Console, onhand: Onhand
) -> None:
    invited = send(console, "/people", 200, **SATO)

    (secret,) = re.findall(r"/setup/([\w-]+)", invited)
    assert secret not in console.get("/people")
    assert (person(onhand, "sato").role, person(onhand, "sato").has_password) == ("operator", False)
    assert "Sato" in visitor.get(f"/console/set-up?link={secret}")


def test_a_name_is_taken_once_and_what_was_typed_stays(console: Console) -> None:
    send(console, "/people", 200, **SATO)
    again = send(console, "/people", 409, **{**SATO, "name": "SATO", "timezone": "Asia/Shanghai"})

    assert 'value="Asia/Shanghai"' in again


def test_roles_change_and_accounts_close_and_open(console: Console, onhand: Onhand) -> None:
    send(console, "/people", 200, **SATO)

    send(console, "/people/Sato/role", role="viewer")
    assert person(onhand, "Sato").role == "viewer"
    send(console, "/people/Sato/active", active="false")
    assert not person(onhand, "Sato").active
    send(console, "/people/Sato/active", active="true")
    assert person(onhand, "Sato").active


def test_the_last_administrator_stays_one(console: Console, onhand: Onhand) -> None:
    with onhand.live.database.read() as connection:
        admins = [one.name for one in list_users(connection) if one.role == "admin"]
    mine = next(name for name in admins if name != "admin")
    for name in admins:
        if name != mine:
            send(console, f"/people/{name}/active", active="false")

    send(console, f"/people/{mine}/role", 409, role="viewer")

    assert person(onhand, mine).role == "admin"


def test_a_token_is_shown_once_works_and_is_revoked(console: Console, onhand: Onhand) -> None:
    made = send(console, "/tokens", 200, name="web shop", scope="reserve")

    (secret,) = re.findall(r"oh_test_[\w-]{43}", made)
    assert onhand.test.authenticator.authenticate(secret).name == "web shop"
    assert secret not in console.get("/tokens")
    with onhand.test.database.read() as connection:
        (token,) = (one for one in list_tokens(connection) if one.name == "web shop")
    send(console, f"/tokens/{token.token_id}/revoke")
    with onhand.test.database.read() as connection:
        assert all(one.revoked_at for one in list_tokens(connection) if one.name == "web shop")


def test_only_administrators_see_people_and_tokens(as_role: AsRole) -> None:
    operator = as_role(Role.OPERATOR)
    for path in ("/people", "/tokens"):
        operator.get(path, expect=403)
