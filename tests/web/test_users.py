"""People over HTTP: by administrators of `live`, and without a secret in any answer but one."""

import pytest
from structlog.testing import capture_logs

from onhand.access.commands.people import SignedIn, finish_set_up, sign_in
from onhand.access.model import EnvironmentName
from onhand.access.model.people import Credentials, SetUp, TooManyAttempts
from onhand.bootstrap.environment import Onhand
from onhand.bootstrap.set_up import PATH, pending_set_up
from onhand.web.envelope import AccessLog
from onhand.web.errors import problem_of, render
from tests.access.guests import HOME, PASSWORD, TERMS
from tests.web.client import Api
from tests.web.conftest import NewApi

LIVE = EnvironmentName.LIVE
SATO = {"name": "Sato", "role": "operator", "language": "ja"}


@pytest.fixture
def admin(new_api: NewApi) -> Api:
    """An administrator of `live`."""
    return new_api("admin", environment=LIVE)


def test_a_person_is_invited_changed_and_closed(admin: Api, onhand: Onhand) -> None:
    made = admin.post("/users", SATO, expect=201)
    link = admin.post("/users/sato/link", expect=201)

    assert (made["timezone"], made["has_password"], made["active"]) == ("Asia/Tokyo", False, True)
    assert link["name"] == "Sato"
    assert link["path"].startswith(PATH)
    secret = link["path"].removeprefix(PATH)
    live = onhand.live
    answer = SetUp(secret, PASSWORD)
    done = finish_set_up(live.database, answer, now=live.clock(), origin=HOME, terms=TERMS)
    assert isinstance(done, SignedIn)
    assert onhand.sessions.find(done.secret) is not None
    changed = admin.patch("/users/SATO", {"role": "viewer", "active": False})
    assert (changed["role"], changed["active"]) == ("viewer", False)
    shown = admin.get("/users/Sato")
    assert shown == changed == admin.get("/users")["users"][0]
    assert admin.post("/users/Sato/link", expect=409)["code"] == "user_inactive"
    written = str(admin.get("/audit/logs")) + str(shown)
    assert secret not in written
    assert "argon2" not in written


def test_what_cannot_be_is_refused(admin: Api) -> None:
    admin.post("/users", SATO, expect=201)
    headers = {"Idempotency-Key": "k"}
    admin.post("/users/Sato/link", expect=201, headers=headers)

    assert (
        admin.post("/users/Sato/link", expect=409, headers=headers)["code"] == "link_already_made"
    )
    assert admin.post("/users", SATO | {"name": "SATO"}, expect=409)["code"] == "user_exists"
    for name, code in (("cli:x", "reserved_name"), ("x", "invalid_timezone")):
        wanted = SATO | {"name": name, "timezone": "Nowhere"}
        assert admin.post("/users", wanted, expect=422)["code"] == code
    assert admin.get("/users/nobody", expect=404)["code"] == "user_not_found"
    for body in ({}, {"role": None}, {"name": "x"}, {"role": "root"}, {"active": 1}):
        answer = admin.send("PATCH", "/users/Sato", json=body)
        assert answer.status_code == 422, body


def test_an_administrator_of_test_lets_nobody_in(api: Api, admin: Api) -> None:
    admin.post("/users", SATO, expect=201)

    for method, path, body in (
        ("GET", "/users", None),
        ("POST", "/users", SATO | {"name": "x"}),
        ("GET", "/users/Sato", None),
        ("PATCH", "/users/Sato", {"role": "admin"}),
        ("POST", "/users/Sato/link", None),
    ):
        answer = api.send(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "live_only"), path
    assert [one["role"] for one in admin.get("/users")["users"]] == ["operator"]


@pytest.mark.parametrize("scope", ["viewer", "reserve", "operator"])
def test_only_administrators_manage_people(new_api: NewApi, scope: str) -> None:
    api = new_api(scope, environment=LIVE)

    assert api.get("/users", expect=403)["code"] == "insufficient_scope"
    assert api.post("/users", SATO, expect=403)["code"] == "insufficient_scope"


def test_the_log_leaves_out_the_secret_of_a_link() -> None:
    scope = {"method": "GET", "path": PATH + "s" * 43, "client": None}
    with capture_logs() as lines:
        AccessLog().request(scope, 200, request_id=b"1", started=0.0)

    assert [line["path"] for line in lines] == ["/setup/…"]
    assert "s" * 43 not in str(lines)


def test_a_file_that_is_no_link_is_as_good_as_none(onhand: Onhand) -> None:
    live = onhand.live
    assert pending_set_up(onhand.settings, live.database, now=live.clock()) is None
    file = onhand.settings.onhand_home / "set-up-link"
    for content in (b"", b"\xff\xfe", b"x" * 43):
        file.write_bytes(content)
        assert pending_set_up(onhand.settings, live.database, now=live.clock()) is None


def test_too_many_attempts_say_when_to_come_back(onhand: Onhand) -> None:
    live = onhand.live
    who = Credentials("nobody", "wrong password")
    for _ in range(10):
        sign_in(live.database, who, now=live.clock(), origin=HOME, terms=TERMS)
    refused = sign_in(live.database, who, now=live.clock(), origin=HOME, terms=TERMS)
    assert isinstance(refused, TooManyAttempts)

    rendered = render(problem_of(refused), "ja")

    assert rendered.status == 429
    assert (b"retry-after", b"90") in rendered.headers
    assert "90秒後" in rendered.body.decode()
