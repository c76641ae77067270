"""How commands end: exit codes, one clear line, nothing on stdout that is not the answer."""

import os
import signal
import sqlite3
import subprocess
from pathlib import Path

import pytest

from onhand.cli.main import split_global_options
from tests.cli.conftest import Run
from tests.cli.serving import ONHAND, surroundings
from tests.databases import free_port

SET_UP = ("db", "upgrade")


def test_0_when_it_was_done(run: Run) -> None:
    assert run(*SET_UP).code == 0
    assert run("sku", "add", "a").code == 0
    assert run("--help").code == 0
    assert run("stock", "show", "--help").code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("stock", "receive", "a=0"),
        ("stock", "receive", "a=-1"),
        ("stock", "receive", "a=1.5"),
        ("stock", "receive", "a=１"),
        ("stock", "receive", "a=1000000001"),
        ("stock", "receive", "a=" + "9" * 5000),
        ("stock", "receive", "a"),
        ("stock", "receive", "=1"),
        ("stock", "receive", "x" * 129 + "=1"),
        ("stock", "receive", "a\tb\n=1"),
        ("stock", "receive", "a=1", "--reason", "two\nlines"),
        ("stock", "receive", "a=1", "--location", ""),
        ("stock", "receive", "a=1", "--key", "schlüssel"),
        ("stock", "receive"),
        ("stock", "adjust", "a=1", "--mode", "add"),
        ("stock", "adjust", "a=1", "--mode", "double", "--reason", "x"),
        ("stock", "reserve", "a=1", "--for", "order"),
        ("stock", "reserve", "a=1", "--for", "order:"),
        ("stock", "reserve", "a=1", "--for", "basket:1"),
        ("stock", "reserve", "a=1", "--for", "order:1", "--until", "2026-01-01T00:00:00"),
        ("stock", "reserve", "a=1", "--for", "order:1", "--until", "tomorrow"),
        ("stock", "as-of", "a", "0001-01-01T00:00:00+14:00"),
        ("stock", "history", "a", "--limit", "0"),
        ("stock", "history", "a", "--view", "UP"),
        ("stock", "show"),
        ("sku", "add", "a", "b", "--name", "both"),
        ("sku", "add", "\x00"),
        ("token", "create", "shop"),
        ("token", "create", "shop", "--scope", "owner"),
        ("token", "create", "shop", "--scope", "admin", "--days", "0"),
        ("token", "create", " ", "--scope", "admin"),
        ("token", "create", "x", "--scope", "admin", "--database", "sqlite:///x.db"),
        ("token", "create", "x", "--scope", "admin", "--key", "k"),
        ("test", "reset", "--yes", "--key", "k"),
        ("replay", "none.csv", "--key", "k"),
        ("replay", "none.csv", "--database", "sqlite:///x.db"),
        ("ledger", "verify", "--database", "mysql://host/db"),
        ("ledger", "verify", "--database", "postgresql://host:port/db"),
        ("ledger", "verify", "--env", "prod"),
        ("ledger", "verify", "--env"),
        ("ledger", "fix"),
        ("replay",),
        ("replay", "none.csv", "--opening", "-1"),
        ("replay", "none.csv", "--opening", "some"),
        ("serve", "--port", "65536"),
        ("serve", "--database", "sqlite:///x.db"),
    ],
    ids=lambda words: " ".join(words)[:60].encode("unicode_escape").decode(),
)
def test_2_when_it_cannot_be_understood_whatever_the_database(
    run: Run, home: Path, words: tuple[str, ...]
) -> None:
    done = run(*words)

    assert done.code == 2
    assert done.out == ""
    assert "Traceback" not in done.err
    assert not list(home.glob("*.db"))


@pytest.mark.parametrize("words", [("sku", "remove", "a"), ("test", "reset")])
def test_2_when_nobody_is_there_to_confirm(run: Run, words: tuple[str, ...]) -> None:
    run(*SET_UP)
    run("sku", "add", "a")

    assert run(*words).code == 2
    assert run("sku", "show", "a").code == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("DATABASE_URL", "mysql://host/db"),
        ("TEST_DATABASE_URL", "postgresql://host"),
        ("ORDER_RESERVATION_TTL", "0"),
        ("ONHAND_HOME", "/dev/null/home"),
    ],
)
def test_3_when_a_setting_is_wrong(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    for words in (("sku", "list"), ("serve",), ("db", "upgrade")):
        done = run(*words)
        assert done.code == 3
        assert done.out == ""
        assert name in done.err
        assert done.err.count("\n") == 1


def test_4_when_there_is_no_database_yet(run: Run, home: Path) -> None:
    done = run("sku", "list", "--json")

    assert done.code == 4
    assert done.out == ""
    assert "onhand db upgrade" in done.err
    assert not list(home.glob("*.db"))


@pytest.mark.parametrize("words", [("sku", "list"), ("db", "upgrade"), ("serve", "--port", "0")])
def test_4_when_the_database_cannot_be_reached(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    url = f"postgresql://somebody:s3cret@127.0.0.1:{free_port()}/nothing"
    monkeypatch.setenv("DATABASE_URL", url)

    done = run(*words)

    assert done.code == 4
    assert done.out == ""
    assert done.err.count("\n") == 1
    assert "s3cret" not in done.err


def test_4_when_the_file_is_no_database(run: Run, home: Path) -> None:
    home.mkdir()
    (home / "test.db").write_bytes(b"something else entirely" * 100)

    done = run("sku", "list")

    assert done.code == 4
    assert done.err.count("\n") == 1


@pytest.mark.slow
def test_4_when_the_database_is_locked(run: Run, home: Path) -> None:
    assert run(*SET_UP).code == 0
    with sqlite3.connect(home / "test.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        done = run("sku", "add", "a")
        other.execute("ROLLBACK")
    other.close()

    assert done.code == 4
    assert done.err.endswith("database is locked; run the command again\n")
    assert done.err.count("\n") == 1


def test_5_when_an_export_cannot_be_written(run: Run, tmp_path: Path) -> None:
    assert run(*SET_UP).code == 0

    done = run("ledger", "export", "--to", str(tmp_path / "no" / "such" / "folder.jsonl"))

    assert done.code == 5
    assert done.err.count("\n") == 1


@pytest.mark.slow
def test_130_when_it_is_interrupted(home: Path, tmp_path: Path) -> None:
    lines = tmp_path / "lines.csv"
    os.mkfifo(lines)
    # A shell's background jobs, and what they start, are deaf to this signal.
    ours = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [ONHAND, "replay", lines],
        env=surroundings({"ONHAND_HOME": str(home)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    signal.signal(signal.SIGINT, ours)
    try:
        with lines.open("w"):  # opens when the command has opened the other end and waits
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
    finally:
        process.kill()

    assert (process.returncode, out, err) == (130, "", "")


def test_an_export_to_a_file_says_what_it_wrote(run: Run, tmp_path: Path) -> None:
    run(*SET_UP)
    run("sku", "add", "a")
    run("stock", "receive", "a=1")
    target = tmp_path / "events.jsonl"

    done = run("ledger", "export", "--to", str(target), "--json")

    assert done.answer["events"] == len(target.read_text().splitlines()) == 1
    assert done.answer["last_hash"] in target.read_text()
    assert [file.name for file in tmp_path.glob("events*")] == ["events.jsonl"]


def test_the_environment_is_test_unless_live_is_named(run: Run) -> None:
    run(*SET_UP)
    run("sku", "add", "a")

    assert len(run("sku", "list", "--json").answer["skus"]) == 1
    assert run("--env", "live", "sku", "list", "--json").answer["skus"] == []
    assert run("sku", "list", "--env=live", "--json").answer["skus"] == []


def test_only_test_can_be_reset_and_then_has_the_demo(run: Run) -> None:
    run(*SET_UP)
    run("sku", "add", "a")
    run("token", "create", "shop", "--scope", "reserve")

    live = run("--env", "live", "test", "reset", "--yes", "--json")
    reset = run("test", "reset", "--yes")

    assert live.code == 1
    assert reset.code == 0
    assert run("sku", "show", "a").code == 1
    assert run("stock", "show", "ce1111", "--json").answer["levels"]["ce1111"]["on_hand"] > 0
    assert len(run("token", "list", "--json").answer["tokens"]) == 1


def test_tokens_are_made_shown_once_and_revoked(run: Run) -> None:
    run(*SET_UP)

    made = run("--env", "live", "token", "create", "shop", "--scope", "reserve", "--days", "30")
    as_json = run("token", "create", "till", "--scope", "operator", "--json").answer
    (listed,) = run("--env", "live", "token", "list", "--json").answer["tokens"]
    revoked = run("--env", "live", "token", "revoke", listed["token_id"], "--json")
    unknown = run("token", "revoke", "tok_unknown", "--json")

    assert made.out.startswith("oh_live_")
    assert made.out.count("\n") == 1
    assert as_json["token"].startswith("oh_test_")
    assert made.out.strip() not in str(listed)
    assert (listed["name"], listed["scope"], listed["revoked_at"]) == ("shop", "reserve", None)
    assert revoked.answer["revoked_at"] is not None
    assert (unknown.code, unknown.answer["code"]) == (1, "token_not_found")


def test_global_options_may_stand_anywhere_but_not_behind_two_dashes() -> None:
    words = ["stock", "show", "a", "--json", "--env", "live", "--key=k", "--", "--json"]

    assert split_global_options(words) == (
        ["--json", "--env", "live", "--key=k"],
        ["stock", "show", "a", "--", "--json"],
    )
    assert split_global_options(["sku", "list", "--env"]) == (["--env"], ["sku", "list"])
