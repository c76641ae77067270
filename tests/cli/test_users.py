"""`onhand user …`: people of the installation, their links and passwords."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from onhand.access.commands.people import SignedIn, finish_set_up, sign_in
from onhand.access.model.people import Credentials, SetUp
from onhand.db.database import Database
from tests.access.guests import HOME, PASSWORD
from tests.cli.conftest import Run
from tests.cli.serving import ONHAND, serving
from tests.shop import START


def try_in(database: Database, name: str, password: str) -> bool:
    """Whether the password lets the person in, with the hashes of everyday."""
    who = Credentials(name, password)
    return isinstance(sign_in(database, who, now=START, origin=HOME), SignedIn)


def test_a_person_is_made_listed_changed_and_closed(on: Run) -> None:
    made = on("user", "create", "Sato", "--role", "operator", "--language", "ja", "--json")
    assert (made.code, made.answer["name"], made.answer["language"]) == (0, "Sato", "ja")

    assert on("user", "create", "SATO", "--role", "viewer").code == 1
    changed = on("user", "change", "sato", "--role", "admin", "--timezone", "UTC", "--json")
    assert (changed.answer["role"], changed.answer["timezone"]) == ("admin", "UTC")
    last = on("user", "change", "Sato", "--close")
    assert last.code == 1
    assert "last_admin" in last.err
    on("user", "create", "Mei", "--role", "admin")
    closed = on("user", "change", "Sato", "--close")
    assert "Sato is admin; the account is closed." in closed.out
    assert on("user", "change", "Sato", "--reopen", "--json").answer["active"] is True

    listed = on("user", "list")
    assert "Sato" in listed.out
    assert [one["name"] for one in on("user", "list", "--json").answer["users"]] == ["Mei", "Sato"]
    assert on("user", "change", "Sato").code == 2
    assert on("user", "change", "nobody", "--close").code == 1
    assert on("user", "create", "cli:x", "--role", "admin").code == 1


def test_a_link_is_shown_once_and_lets_its_person_in(on: Run, database: Database) -> None:
    on("user", "create", "Sato", "--role", "viewer")

    told = on("user", "link", "sato")

    url = told.out.strip()
    assert url.startswith("http://127.0.0.1:8000/setup/")
    assert "shown once" in told.err
    assert on("user", "link", "nobody").code == 1
    assert on("user", "link", "sato", "--key", "k").code == 2
    newer = on("user", "link", "Sato", "--json").answer
    assert newer["url"].endswith(newer["path"])
    secrets = [one.rpartition("/")[2] for one in (url, newer["path"])]
    done = [finish_set_up(database, SetUp(secret, PASSWORD), now=START) for secret in secrets]
    assert [isinstance(one, SignedIn) for one in done] == [False, True]
    assert all(secret not in on("user", "list", "--json").out for secret in secrets)


@pytest.mark.slow
def test_a_password_comes_from_stdin_and_is_never_shown(
    on: Run, database: Database, place: str
) -> None:
    on("user", "create", "Sato", "--role", "viewer")

    def told(typed: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [ONHAND, "user", "password", "Sato", "--database", place],
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    done = told(f"{PASSWORD}\nsecond line\n")

    assert done.returncode == 0, done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    assert try_in(database, "Sato", PASSWORD)
    weak = told("x1y2" * 1000)
    assert (weak.returncode, "weak_password" in weak.stderr) == (1, True)
    assert try_in(database, "Sato", PASSWORD)
    assert on("user", "password", "Sato", PASSWORD).code == 2


def test_people_are_those_of_live_whatever_the_environment(run: Run) -> None:
    run("db", "upgrade")

    run("user", "create", "Sato", "--role", "viewer", "--env", "test")

    listed = run("user", "list", "--env", "live", "--json").answer["users"]
    assert [one["name"] for one in listed] == ["Sato"]


@pytest.mark.slow
def test_a_start_shows_the_first_link_until_it_is_used(tmp_path: Path) -> None:
    with serving(tmp_path, ONHAND_HOME="data", LOG_LEVEL="info") as first:
        url = first.told["set_up"]
        _, log = first.stop()
    path, _, secret = url.rpartition("/")
    assert path == f"{first.url}/setup"
    assert secret not in log
    database = Database(f"sqlite:///{tmp_path / 'data' / 'live.db'}")
    answer = SetUp(secret, PASSWORD)
    assert isinstance(finish_set_up(database, answer, now=datetime.now(UTC)), SignedIn)
    database.dispose()

    with serving(tmp_path, ONHAND_HOME="data") as second:
        assert second.told["set_up"] is None
    assert not (tmp_path / "data" / "set-up-link").exists()
