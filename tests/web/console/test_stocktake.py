"""Stocktakes in the console: opened over a scope, counted by scans, finished, taken back."""

import re
from typing import Any

import httpx
import pytest

from onhand.access.model import Actor, Asked, Role
from onhand.bootstrap.environment import Onhand
from onhand.catalog.commands.skus import create_skus
from onhand.catalog.model.skus import NewSku
from onhand.stock.model.commands import Caller, Command, Line, Receive
from onhand.stock.queries.levels import read_levels
from tests.web.console.client import ROOT, Console
from tests.web.console.conftest import AsRole

AKI = Caller("aki", touches_all=True)
LONG = "【送料無料】北欧風" + "あたたかいウールのひざ掛け" * 8


@pytest.fixture
def stocked(onhand: Onhand) -> Onhand:
    """Two SKUs on the shelf, one that was never there."""
    test = onhand.test
    new = [NewSku("KYUSU-1", LONG, aliases=("4901",)), NewSku("YUNOMI-1"), NewSku("NEW-1")]
    create_skus(test.database, Asked(Actor("aki"), test.clock()), new)
    lines = (Line("kyusu-1", 10), Line("yunomi-1", 3))
    test.ledger.execute([Command(AKI, Receive(lines, "delivery"))])
    return onhand


def on_hand(onhand: Onhand, code: str) -> int:
    with onhand.test.database.read() as connection:
        return read_levels(connection, [code], now=onhand.test.clock())[code].on_hand


def opened(console: Console, **fields: Any) -> str:
    """The path of a new sheet."""
    wanted = {"name": "棚 A", "scope": "search", "search": "-1", "key": "open", **fields}
    answer = console.post("/counts/-/new", wanted)
    return str(answer.headers["location"]).removeprefix(ROOT)


def scanned(console: Console, path: str, key: str, **fields: Any) -> httpx.Response:
    """What script is answered when it sends a scan."""
    data = {"csrf": console.token, "key": key, **fields}
    return console.send("POST", f"{path}/scan", data=data, headers={"hx-request": "true"})


def number(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    found = re.search(r"<strong>(\d+)</strong>", answer.text)
    assert found is not None
    return found[1]


def test_scans_count_once_a_key_and_finishing_can_be_taken_back(
    stocked: Onhand, console: Console
) -> None:
    path = opened(console)
    assert number(scanned(console, path, "s1", code="KYUSU-1")) == "1"
    assert number(scanned(console, path, "s1", code="KYUSU-1")) == "1"  # sent again
    assert number(scanned(console, path, "s2", code=" 4901 ")) == "2"  # an alias
    assert number(scanned(console, path, "s3", code="yunomi-1", units="3", mode="set")) == "3"
    page = console.get(f"{path}/finish")
    assert "KYUSU-1" in page
    assert "YUNOMI-1" not in page  # it is right
    page = console.follow(console.post(f"{path}/finish", {"key": "f"}))
    assert "2 SKUs counted, 1 of them corrected" in page
    assert (on_hand(stocked, "kyusu-1"), on_hand(stocked, "yunomi-1")) == (2, 3)
    assert scanned(console, path, "s4", code="kyusu-1").status_code == 409
    count_id = path.rpartition("/")[2]
    undo = {"type": "manual", "id": count_id, "key": "u"}
    assert "Taken back" in console.follow(console.post("/stock/-/undo", undo))
    assert on_hand(stocked, "kyusu-1") == 10
    assert "Finished" in console.get("/counts")


def test_a_scan_that_does_not_count_says_why_and_what_can_be_done(
    stocked: Onhand, console: Console
) -> None:
    path = opened(console, search="kyusu")
    answer = scanned(console, path, "s1", code="NEW-1")
    assert answer.status_code == 409
    assert 'name="put_on_sheet" value="true"' in answer.text
    assert number(scanned(console, path, "s2", code="NEW-1", put_on_sheet="true")) == "1"
    assert "&lt;b&gt;" in scanned(console, path, "s3", code="zzz<b>").text
    assert scanned(console, path, "s4", code="x", units="-1").status_code == 422
    scanned(console, path, "s5", code="kyusu-1")
    receive = Receive((Line("kyusu-1", 1),), "meanwhile")
    stocked.test.ledger.execute([Command(AKI, receive)])
    answer = scanned(console, path, "s6", code="kyusu-1")
    assert answer.status_code == 409
    assert 'name="mode" value="set"' in answer.text
    # Without script the page itself says so.
    answer = console.post(f"{path}/scan", {"code": "kyusu-1", "key": "s7"}, expect=409)
    assert "Start again at 1" in answer.text
    console.post(f"{path}/scan", {"code": "kyusu-1", "mode": "set", "units": "11", "key": "s8"})


def test_a_blind_count_hides_what_should_be_there(stocked: Onhand, console: Console) -> None:
    path = opened(console, blind="true", search="kyusu")
    answer = scanned(console, path, "s1", code="kyusu-1")
    for page in (answer.text, console.get(path), console.get(f"{path}/finish")):
        assert "of 10" not in page
        assert "−9" not in page
        assert ">10<" not in page
    page = console.follow(console.post(f"{path}/finish", {"key": "f"}))
    assert "−9" in page


def test_what_is_counted_is_all_of_a_location_a_search_or_the_low(
    stocked: Onhand, console: Console
) -> None:
    everything = console.get(opened(console, scope="all", search="", key="o1"))
    assert "KYUSU-1" in everything
    assert "NEW-1" not in everything  # it was never there
    found = console.get(opened(console, search="new", key="o2"))
    assert "NEW-1" in found
    assert "KYUSU-1" not in found
    console.post("/counts/-/new", {"name": "x", "scope": "search", "key": "o3"}, expect=422)
    wrong = {"name": "x", "scope": "search", "search": "zzzz", "key": "o4"}
    assert "no SKU to count" in console.post("/counts/-/new", wrong, expect=422).text
    wrong = {"name": "x", "scope": "search", "search": "new", "location": "moon", "key": "o5"}
    assert "moon" in console.post("/counts/-/new", wrong, expect=409).text


def test_an_abandoned_count_changes_nothing(stocked: Onhand, console: Console) -> None:
    path = opened(console)
    assert "Nothing was counted" in console.post(f"{path}/finish", {"key": "f"}, expect=409).text
    scanned(console, path, "s1", code="kyusu-1")
    assert "as it was" in console.follow(console.post(f"{path}/cancel", {"key": "c"}))
    assert on_hand(stocked, "kyusu-1") == 10
    console.post(f"{path}/cancel", {"key": "c2"}, expect=409)
    assert "Abandoned" in console.get(path)
    console.get("/counts/none", expect=404)
    console.get("/counts/none/finish", expect=404)


def test_viewers_do_not_count_and_every_language_is_complete(
    stocked: Onhand, console: Console, as_role: AsRole
) -> None:
    path = opened(console)
    as_role(Role.VIEWER).get(path, expect=403)
    operator = as_role(Role.OPERATOR, language="ja")
    scanned(operator, path, "s1", code="kyusu-1")
    assert "コードをスキャン" in operator.get(path)
    assert "Counted" not in operator.get(f"{path}/finish")
