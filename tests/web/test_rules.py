"""Rules over HTTP: tried dry, set, taken off."""

import pytest

from tests.sync.counter import OSAKA, TOKYO, Counter
from tests.web.client import Api
from tests.web.selling import store_status


def test_a_rule_is_tried_dry_then_set(shop: Api, counter: Counter, tokyo: str) -> None:
    osaka = counter.listing(OSAKA)
    path = f"/stores/{TOKYO}/rule"
    nothing = dict.fromkeys(shop.get(path)["rule"])
    assert shop.get(path) == {
        "store": TOKYO,
        "listing": None,
        "rule": nothing,
        "effective": nothing,
    }

    dry = shop.put(path, {"cap_units": 4}, params={"dry_run": True})
    assert dry["rule"]["cap_units"] == 4
    assert dry["preview"]["count"] == 1
    (change,) = dry["preview"]["changes"]
    assert (change["listing"], change["shows_now"], change["would_show"]) == (tokyo, 10, 4)
    assert shop.get(path)["rule"] == nothing
    assert store_status(shop, TOKYO)["queued"] == 0

    done = shop.put(path, {"cap_units": 4})
    assert (done["rule"]["cap_units"], done["preview"]) == (4, None)
    assert store_status(shop, TOKYO)["queued"] == 1
    own = f"/stores/{TOKYO}/listings/{tokyo}/rule"
    preview = shop.put(own, {"fixed_units": 1}, params={"dry_run": True})["preview"]
    assert [one["would_show"] for one in preview["changes"]] == [1]
    assert shop.put(own, {"fixed_units": 1})["listing"] == tokyo
    view = shop.get(own)
    assert (view["rule"], view["effective"]) == (
        nothing | {"fixed_units": 1},
        nothing | {"fixed_units": 1, "cap_units": 4},
    )
    preview = shop.delete(own, params={"dry_run": True})["preview"]
    assert [one["would_show"] for one in preview["changes"]] == [4]
    assert shop.delete(own)["rule"] == nothing
    assert shop.get(own)["effective"]["cap_units"] == 4

    elsewhere = f"/stores/{TOKYO}/listings/{osaka}/rule"
    assert shop.get(elsewhere, expect=404)["code"] == "unknown_listing"
    shop.put(elsewhere, {}, expect=404)
    shop.delete(elsewhere, expect=404)
    assert shop.get("/stores/nowhere/rule", expect=404)["code"] == "unknown_store"
    shop.put("/stores/nowhere/rule", {}, expect=404)


@pytest.mark.parametrize(
    "body",
    [
        {"share_percent": 101},
        {"cap_units": -1},
        {"cap_units": 1_000_001},
        {"cap_units": 1.5},
        {"cap_units": "3"},
        {"paused": "yes"},
        {"price": 100},
    ],
)
def test_a_rule_that_cannot_be_is_refused(
    shop: Api, counter: Counter, body: dict[str, object]
) -> None:
    assert shop.put(f"/stores/{TOKYO}/rule", body, expect=422)["code"] == "invalid_request"


def test_setting_a_rule_twice_answers_the_same(shop: Api, counter: Counter) -> None:
    answers = [
        shop.send(
            "PUT",
            f"/stores/{TOKYO}/rule",
            json={"cap_units": 4},
            headers={"Idempotency-Key": "k"},
        )
        for _ in range(2)
    ]

    assert answers[0].content == answers[1].content
    assert answers[1].headers["idempotent-replayed"] == "true"
