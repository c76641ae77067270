"""Stock in the console: lists, one SKU, what is done to it, in any role."""

import html
import json
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from onhand.access.model import Accepted, Actor, Asked, Role
from onhand.bootstrap.environment import Onhand
from onhand.catalog.commands.skus import create_skus
from onhand.catalog.model.skus import NewSku
from onhand.stock.commands.locations import NewLocation, create_location
from onhand.stock.model.commands import Caller, Command, Line, Receive, Reserve
from onhand.stock.model.events import Reference, ReferenceType
from onhand.stock.queries.levels import LevelView, read_levels
from tests.web.console.client import Console
from tests.web.console.conftest import AsRole

LONG = "【送料無料】北欧風" + "あたたかいウールのひざ掛け" * 8
WIDE = "X" * 60
AKI = Caller("aki", touches_all=True)


@pytest.fixture
def stocked(onhand: Onhand) -> Onhand:
    """Three SKUs: one with stock and a hold, one with awkward texts, one without anything."""
    test = onhand.test
    new = [
        NewSku("KYUSU-1", "丸い急須", "https://image.example/a.jpg", {"色": "白"}, ("4901",)),
        NewSku(WIDE, LONG),
        NewSku("a/b %c", "<b>bold</b>"),
    ]
    create_skus(test.database, Asked(Actor("aki"), test.clock()), new)
    for ask in (
        Receive((Line("kyusu-1", 10), Line(WIDE.lower(), 3)), "delivery"),
        Reserve(Reference(ReferenceType.CART, "c1"), "guest", (Line("kyusu-1", 4),)),
    ):
        (result,) = test.ledger.execute([Command(AKI, ask)])
        assert isinstance(result, Accepted)
    return onhand


def level(onhand: Onhand, code: str) -> LevelView:
    with onhand.test.database.read() as connection:
        return read_levels(connection, [code], now=onhand.test.clock())[code]


def listed(html: str) -> list[str]:
    return re.findall(r'class="sku-link" href="/console/test/stock/([^"]+)"', html)


def test_the_list_is_searched_filtered_and_sorted(stocked: Onhand, console: Console) -> None:
    everything = listed(console.get("/stock"))
    assert {"kyusu-1", WIDE.lower(), quote("a/b %c", safe="")} <= set(everything)
    assert listed(console.get("/stock?search=%E6%80%A5%E9%A0%88")) == ["kyusu-1"]
    assert listed(console.get("/stock?search=4901")) == ["kyusu-1"]
    assert "kyusu-1" not in listed(console.get("/stock?state=out"))
    by_number = listed(console.get("/stock?sort=on_hand&down=true"))
    assert by_number.index("kyusu-1") < by_number.index(WIDE.lower())
    assert listed(console.get("/stock?after=nonsense&store=none-such")) == []
    assert "No SKU matches" in console.get("/stock?search=zzzzzz")
    assert "&lt;b&gt;bold" in console.get("/stock?search=bold")


def test_a_view_is_kept_and_removed(stocked: Onhand, as_role: AsRole) -> None:
    mine, other = as_role(Role.VIEWER), as_role(Role.VIEWER)
    mine.post("/stock/-/views", {"name": "少ない", "query": "state=low&after=x&evil=1"})
    page = mine.get("/stock")
    assert 'href="/console/test/stock?state=low"' in page
    assert "少ない" not in other.get("/stock")
    found = re.search(r'name="view" value="(\w+)"', page)
    assert found is not None
    mine.post("/stock/-/views/remove", {"view": found[1], "key": "key-2"})
    assert 'class="view is-own"' not in mine.get("/stock")


def test_a_move_does_what_it_says_and_is_undone(stocked: Onhand, console: Console) -> None:
    moves: list[tuple[str, dict[str, Any], int]] = [
        ("adjust", {"mode": "subtract", "units": "2", "reason": "damaged"}, 8),
        ("receive", {"units": "5"}, 15),
        ("count", {"units": "9", "seen:main": "10"}, 9),
        ("adjust", {"mode": "set", "units": "7", "reason": "found", "seen:main": "10"}, 7),
    ]
    for number, (move, fields, after) in enumerate(moves):
        key = f"key-{number}"
        answer = console.post(f"/stock/KYUSU-1/{move}", {**fields, "key": key})
        page = console.follow(answer)
        assert level(stocked, "kyusu-1").on_hand == after
        command = re.search(r'name="command" value="([0-9a-f]+)"', page)
        assert command is not None
        # The same form sent again does nothing more.
        console.post(f"/stock/KYUSU-1/{move}", {**fields, "key": key})
        assert level(stocked, "kyusu-1").on_hand == after
        undo = {"command": command[1], "key": f"undo-{number}"}
        assert "Taken back" in console.follow(console.post("/stock/-/undo", undo))
        assert level(stocked, "kyusu-1").on_hand == 10


def test_units_are_moved_between_locations(stocked: Onhand, console: Console) -> None:
    test = stocked.test
    new = NewLocation("osaka", "大阪")
    create_location(test.database, Asked(Actor("aki"), test.clock()), new)
    page = console.get("/stock/kyusu-1/transfer")
    assert "大阪" in page
    console.post("/stock/kyusu-1/transfer", {"units": "6", "location": "main", "to": "osaka"})
    places = {place.location: place.on_hand for place in level(stocked, "kyusu-1").locations}
    assert places == {"main": 4, "osaka": 6}


def test_locations_are_made_changed_and_closed(stocked: Onhand, console: Console) -> None:
    new = {"location": "osaka", "name": "大阪倉庫", "priority": "5"}
    assert "大阪倉庫 was made." in console.follow(console.post("/locations", new))
    assert 'id="location-error"' in console.post("/locations", {**new, "key": "2"}, expect=422).text
    console.post("/locations", {"location": "a\nb", "name": "x", "key": "3"}, expect=422)
    console.post("/locations/osaka", {"name": "", "key": "4"}, expect=409)
    changed = console.post("/locations/osaka", {"name": "大阪", "priority": "7", "key": "5"})
    assert 'value="大阪"' in console.follow(changed)
    move = {"units": "1", "location": "main", "to": "osaka", "key": "6"}
    console.post("/stock/kyusu-1/transfer", move)
    shut = {"active": "false", "key": "7"}
    assert (
        "transfer or adjust them first"
        in console.post("/locations/osaka/open", shut, expect=409).text
    )
    console.post("/stock/kyusu-1/transfer", {**move, "location": "osaka", "to": "main", "key": "8"})
    assert "大阪 is closed." in console.follow(console.post("/locations/osaka/open", shut))
    assert "大阪" not in console.get("/stock/kyusu-1/transfer")
    (newest, *_) = re.findall(r"action=UpdateLocation[^>]*>([^<]+)</a>", console.get("/audit"))
    assert newest == "Changed a location"


def test_a_refusal_keeps_what_was_typed(stocked: Onhand, console: Console) -> None:
    wrong = {"mode": "subtract", "units": "9", "reason": "ある理由"}
    answer = console.post("/stock/kyusu-1/adjust", wrong, expect=409)
    assert "Too few units are available" in answer.text
    assert 'value="ある理由"' in answer.text
    answer = console.post("/stock/kyusu-1/adjust", {"units": "1"}, expect=422)
    assert "Please fill this in." in answer.text
    stale = {"mode": "set", "units": "5", "reason": "x", "seen:main": "11"}
    console.post("/stock/kyusu-1/adjust", stale, expect=409)
    assert level(stocked, "kyusu-1").on_hand == 10


def test_an_undo_that_would_break_asks_first(stocked: Onhand, console: Console) -> None:
    console.post("/stock/a%2Fb%20%25c/receive", {"units": "5"})
    command = re.search(r"command=([0-9a-f]+)", console.get("/stock/a%2Fb%20%25c"))
    assert command is not None
    ask = Reserve(Reference(ReferenceType.ORDER, "s:1"), "o", (Line("a/b %c", 4),))
    stocked.test.ledger.execute([Command(AKI, ask)])
    plan = console.get(f"/stock/-/undo?command={command[1]}")
    assert "Not enough is available any more" in plan
    fields = {"command": command[1], "key": "k"}
    assert "Cannot be taken back" in console.post("/stock/-/undo", fields, expect=409).text
    assert level(stocked, "a/b %c").on_hand == 5
    console.get("/stock/-/undo?command=none", expect=409)


def test_explaining_adds_up(stocked: Onhand, console: Console) -> None:
    page = console.get("/stock/kyusu-1/explain")
    for sign in ("+10", "+4", "−4", ">6<"):
        assert sign in page
    one = console.get("/stock/kyusu-1?view=IN")
    assert "delivery" in one
    assert "Cart" not in one.partition('id="history"')[2]
    assert "delivery" not in console.get("/stock/kyusu-1?view=OUT").partition('id="history"')[2]
    before = stocked.test.clock() - timedelta(days=2)
    past = console.get(f"/stock/kyusu-1?at={before:%Y-%m-%dT%H:%M}")
    assert "there were 0 on hand" in past
    chart = re.search(r'"x": (\[.*?\])', console.get("/stock/kyusu-1?days=30"))
    assert chart is not None
    moments = [datetime.fromisoformat(at) for at in json.loads(chart[1])]
    assert moments[-1] - moments[0] == timedelta(days=30)  # also before it was registered
    console.get("/stock/none-such", expect=404)


def test_a_sku_is_registered_edited_and_reset(stocked: Onhand, console: Console) -> None:
    new = {"code": "New 1", "name": LONG, "attributes": "色： 白\nsize:M", "aliases": "n1\nn2"}
    page = console.follow(console.post("/stock/-/new", new))
    assert "New 1" in page
    assert LONG in page
    wrong = {"code": "new 1", "attributes": "no colon"}
    assert "a name, a colon" in console.post("/stock/-/new", {**wrong, "key": "2"}, expect=422).text
    taken = console.post("/stock/-/new", {"code": "n1", "key": "3"}, expect=422)
    assert 'id="aliases-error"' in taken.text or 'id="code-error"' in taken.text
    path = "/stock/new%201"
    edited = {"name": "Mug", "image_url": "javascript:x", "status": "active", "key": "4"}
    assert 'id="image_url-error"' in console.post(f"{path}/edit", edited, expect=422).text
    edited = {"name": "Mug", "image_url": "https://image.example/m.jpg", "status": "inactive"}
    console.post(f"{path}/edit", {**edited, "key": "5"})
    console.post(
        f"{path}/policy", {"low_stock_threshold": "3", "allow_oversell": "true", "key": "6"}
    )
    assert level(stocked, "new 1").low_stock_threshold == 3
    assert level(stocked, "new 1").allow_oversell
    console.post(f"{path}/aliases", {"alias": "N3", "key": "7"})
    console.post(f"{path}/aliases/remove", {"alias": "n2", "key": "8"})
    clash = console.post(f"{path}/aliases", {"alias": "4901", "key": "9"}, expect=422)
    assert 'id="alias-error"' in clash.text
    edit = console.get(f"{path}/edit")
    assert "N3" in edit
    assert ">n2<" not in edit
    console.post(f"{path}/reset", {"reason": "gone", "key": "10"})
    console.get(path, expect=404)


def test_many_are_changed_at_once(stocked: Onhand, console: Console) -> None:
    chosen = ["kyusu-1", WIDE.lower()]
    ask = console.get(f"/stock/-/bulk?action=adjust&sku=kyusu-1&sku={WIDE}")
    assert "2 SKUs" in ask
    console.post("/stock/-/bulk", {"action": "threshold", "units": "7", "sku": chosen, "key": "1"})
    console.post("/stock/-/bulk", {"action": "safety", "units": "2", "sku": chosen, "key": "2"})
    console.post(
        "/stock/-/bulk", {"action": "status", "status": "inactive", "sku": chosen, "key": "3"}
    )
    adjust = {"action": "adjust", "mode": "add", "units": "1", "reason": "gift", "sku": chosen}
    page = console.follow(console.post("/stock/-/bulk", {**adjust, "key": "4"}))
    assert "Undo" in page
    found = level(stocked, "kyusu-1")
    assert (found.low_stock_threshold, found.safety_stock, found.on_hand) == (7, 2, 11)
    assert listed(console.get("/stock?status=inactive")) == chosen
    much = {**adjust, "mode": "subtract", "units": "5", "key": "5"}
    console.post("/stock/-/bulk", much, expect=409)
    assert level(stocked, "kyusu-1").on_hand == 11
    assert console.send("GET", "/stock/-/bulk?action=adjust").status_code == 303


def test_changes_and_undo_lead_back_to_the_list_as_it_was(
    stocked: Onhand, console: Console
) -> None:
    was = "/console/test/stock?search=kyusu&sort=available&down=true&after=x"
    listed_at = re.search(r'name="back" value="([^"]+)"', console.get(was))
    assert listed_at is not None
    assert html.unescape(listed_at[1]) == was
    chosen = {"action": "adjust", "sku": "kyusu-1", "back": was}
    asked = console.get("/stock/-/bulk", params=chosen)
    assert asked.count(html.escape(was)) == 3  # the way back, to cancel, and in the form
    change = {**chosen, "mode": "add", "units": "1", "reason": "gift"}
    done = console.post("/stock/-/bulk", change)
    assert done.headers["location"] == was
    page = console.follow(done)
    command = re.search(r'name="command" value="([0-9a-f]+)"', page)
    assert command is not None
    assert f'name="back" value="{html.escape(was)}"' in page
    undone = console.post("/stock/-/undo", {"command": command[1], "back": was, "key": "u"})
    assert undone.headers["location"] == was
    assert level(stocked, "kyusu-1").on_hand == 10
    for number, strange in enumerate(("//evil.example", "/console/live/stock", "/console/test/\\")):
        status = {"action": "status", "status": "active", "sku": "kyusu-1", "back": strange}
        answer = console.post("/stock/-/bulk", {**status, "key": f"s{number}"})
        assert answer.headers["location"] == "/console/test/stock"


def test_holds_are_released_by_who_may(stocked: Onhand, console: Console, as_role: AsRole) -> None:
    fields = {"reference_type": "cart", "reference_id": "c1", "location": "main", "units": "4"}
    operator = as_role(Role.OPERATOR)
    assert "release-1" not in operator.get("/stock/kyusu-1")
    operator.post("/stock/kyusu-1/release", fields)
    assert level(stocked, "kyusu-1").reserved == 4
    assert "release-1" in console.get("/stock/kyusu-1")
    assert "4 units were released" in console.follow(console.post("/stock/kyusu-1/release", fields))
    assert level(stocked, "kyusu-1").reserved == 0


def test_a_viewer_sees_stock_and_changes_nothing(stocked: Onhand, as_role: AsRole) -> None:
    viewer = as_role(Role.VIEWER, language="ja")
    page = viewer.get("/stock/kyusu-1")
    assert "現有在庫" in page
    for path in ("adjust", "receive", "transfer", "count", "edit", "explain"):
        assert f"/kyusu-1/{path}" not in page
    assert 'type="checkbox"' not in viewer.get("/stock")
