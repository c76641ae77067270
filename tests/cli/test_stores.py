"""`onhand store …` on both databases: what it says, what it never says, how it ends."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from onhand.access.model import Accepted, Asked
from onhand.access.secrets import Vault
from onhand.bootstrap.clock import utc_now
from onhand.bootstrap.secret_key import open_vault
from onhand.bootstrap.settings import load_settings
from onhand.catalog.commands.stores import note_key, pause_store, set_credentials
from onhand.catalog.model.stores import NewKeys, PauseReason
from onhand.catalog.queries.stores import read_credentials
from onhand.db.database import Database
from onhand.sync.tables import listing_push
from tests.catalog.trade import MEI, TOKYO, register, seen, take
from tests.cli.conftest import Run

KEYS = "service_secret= SP-example-not-a-key\r\nlicense_key=SL-example-not-a-key\n\n"


@pytest.fixture
def tokyo(on: Run) -> Run:
    """The command line on a database with a store."""
    assert on("store", "create", " Rakuten-Tokyo", "--name", "帆布堂").code == 0
    return on


def test_a_store_is_made_shown_and_changed(on: Run) -> None:
    settings = ("--setting", "shop_code=123", "--setting", "confirm_orders=false")
    made = on("store", "create", "rakuten-tokyo", "--name", "帆布堂", *settings, "--json").answer
    assert (made["store"], made["settings"]["shop_code"]) == ("rakuten-tokyo", "123")
    assert made["settings"]["confirm_orders"] is False

    changed = on("store", "update", "rakuten-tokyo", "--setting", "poll_interval_s=60", "--json")
    assert changed.answer["settings"] == made["settings"] | {"poll_interval_s": 60}
    shown = on("store", "show", "RAKUTEN-TOKYO")
    assert "帆布堂" in shown.out
    assert "none" in on("store", "list").out
    assert on("store", "list", "--json").answer["stores"] == [changed.answer]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("create", "rakuten-tokyo", "--name", "x"), 1, "store_exists"),
        (("create", "楽天", "--name", "x"), 2, "a-z, 0-9 and hyphen"),
        (("create", "x", "--name", "x", "--setting", "colour=red"), 1, "is no setting"),
        (("create", "x", "--name", "x", "--setting", "colour"), 2, "NAME=VALUE"),
        (("create", "x", "--name", "x", "--setting", "poll_interval_s=soon"), 1, "whole number"),
        (("create", "x", "--name", "x", "--setting", "confirm_orders=1"), 1, "true or false"),
        (("create", "x", "--name", "x", "--orders-from", "yesterday"), 2, "a moment looks like"),
        (("create", "x", "--name", " "), 1, "invalid_store_field"),
        (("show", "nowhere"), 1, "unknown_store"),
        (("show", "\udcff"), 2, "a-z, 0-9 and hyphen"),
        (("update", "nowhere", "--pause"), 1, "unknown_store"),
        (("update", "rakuten-tokyo"), 2, "at least one"),
        (("deactivate", "rakuten-tokyo"), 2, "--yes"),
        (("deactivate", "nowhere", "--yes"), 1, "unknown_store"),
        (("listings", "nowhere"), 1, "unknown_store"),
        (("set-keys", "nowhere"), 1, "unknown_store"),
        (("suggest", "rakuten-tokyo", "tote"), 2, "ITEM/VARIANT"),
        (("map", "rakuten-tokyo", "tote/x", "a"), 1, "unknown_listing"),
        (("unmap", "rakuten-tokyo", "\udcff/x"), 2, "ITEM/VARIANT"),
    ],
)
def test_what_cannot_be_done_is_said(
    tokyo: Run, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = tokyo("store", *arguments)

    assert (done.code, done.out) == (code, "")
    assert says in done.err
    assert "Traceback" not in done.err


@pytest.mark.slow
def test_keys_come_from_stdin_and_are_never_shown(
    tokyo: Run, database: Database, place: str
) -> None:
    program = Path(sys.executable).with_name("onhand")
    done = subprocess.run(
        [program, "store", "set-keys", TOKYO, "--json", "--database", place],
        input=KEYS.encode(),
        capture_output=True,
        check=True,
        timeout=60,
    )

    assert json.loads(done.stdout)["has_credentials"] is True
    said = (done.stdout + done.stderr).decode() + tokyo("store", "show", TOKYO).out
    assert "not-a-key" not in said
    vault: Vault = open_vault(load_settings())
    with database.read() as connection:
        assert read_credentials(connection, TOKYO, vault) == {
            "service_secret": "SP-example-not-a-key",
            "license_key": "SL-example-not-a-key",
        }


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        ("", 1, "service_secret"),
        ("service_secret=SP-exam-ple\n", 1, "license_key of rakuten-tokyo"),
        ("service_secret=SP-exam-ple\nlicense_key=SL exam ple", 1, "spaces"),
        ("SP-exam-ple\nSL-exam-ple\n", 2, "service_secret=… and license_key=…"),
        ("service_secret=a\nlicense_key=b\npassword=SP-exam-ple", 1, "no key of this platform"),
    ],
)
def test_refused_keys_are_not_repeated(
    tokyo: Run, tmp_path: Path, *, given: str, code: int, says: str
) -> None:
    file = tmp_path / "keys.txt"
    file.write_text(given)
    done = tokyo("store", "set-keys", TOKYO, "--from", str(file))

    assert done.code == code
    assert says in done.err
    assert "exam" not in done.err + done.out


def test_keys_that_the_shop_refuses_have_no_days_left(tokyo: Run, database: Database) -> None:
    now = utc_now()
    keys = NewKeys(TOKYO, {"service_secret": "SP-exam-ple", "license_key": "SL-exam-ple"})
    vault = open_vault(load_settings())
    assert isinstance(set_credentials(database, Asked(MEI, now), keys, vault=vault), Accepted)
    with database.begin() as connection:
        note_key(connection, TOKYO, now + timedelta(days=89, hours=1), now=now)
    assert "89 days left" in tokyo("store", "list").out

    with database.begin() as connection:
        pause_store(connection, TOKYO, PauseReason.AUTH_EXPIRED, "GA0001", now=now)

    said = tokyo("store", "list").out
    assert "not accepted" in said
    assert "days left" not in said


def test_a_store_is_paused_resumed_and_given_up(tokyo: Run) -> None:
    assert tokyo("store", "update", TOKYO, "--pause", "--json").answer["status"] == "paused"
    assert tokyo("store", "update", TOKYO, "--resume", "--json").answer["status"] == "active"
    gone = tokyo("store", "deactivate", TOKYO, "--yes", "--json")
    assert gone.answer["status"] == "inactive"


def test_listings_are_shown_suggested_mapped_and_let_go(tokyo: Run, database: Database) -> None:
    register(database, "a", "b")
    take(database, seen("tote", "BK", "A"), seen("tote", "WH", "ghost"), seen("x", "B"))

    assert "tote/WH" in tokyo("store", "listings", TOKYO, "--unmapped").out
    assert [one["variant"] for one in tokyo("store", "listings", "--json").answer["listings"]] == [
        "BK",
        "WH",
        "B",
    ]
    short = tokyo("store", "listings", "--limit", "2", "--json")
    assert (len(short.answer["listings"]), short.answer["more"]) == (2, True)
    assert len(tokyo("store", "listings", "--sku", "A", "--json").answer["listings"]) == 1
    found = tokyo("store", "suggest", TOKYO, "x/B", "--json").answer["suggestions"]
    assert [(one["sku"], one["by"]) for one in found] == [("b", "code")]

    mapped = tokyo("store", "map", TOKYO, "X/B", "B", "--json").answer
    assert (mapped["sku"], mapped["mapped_by"]) == ("b", "person")
    with database.read() as connection:
        marked = connection.execute(listing_push.select()).all()
    assert [row.listing_id for row in marked] == [mapped["listing"]]
    assert "listing_mapped" in tokyo("store", "map", TOKYO, "x/B", "a").err
    assert tokyo("store", "map", TOKYO, "x/B", "a", "--replace", "--json").answer["sku"] == "a"
    assert tokyo("store", "map", TOKYO, "x/B", "ghost").code == 1
    assert tokyo("store", "unmap", TOKYO, "x/B", "--json").answer["sku"] is None


def test_a_write_happens_once_under_its_key(on: Run) -> None:
    first, again = (
        on("store", "create", "x", "--name", "x", "--key", "k", "--json") for _ in range(2)
    )
    assert json.loads(first.out) == json.loads(again.out)
    assert "first answer" in again.err
