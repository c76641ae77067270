"""Reading stock."""

from datetime import timedelta

from onhand.stock.queries.levels import LevelView
from onhand.web.examples import EXAMPLES
from tests.shop import FakeClock
from tests.web.client import Api, cart


def test_a_level_says_everything_about_one_sku(shop: Api) -> None:
    level = shop.get("/inventory/CE1111")

    assert level == {
        "sku": "ce1111",
        "original_sku": "CE1111",
        "on_hand": 10,
        "reserved": 0,
        "available": 10,
        "sellable": 10,
        "safety_stock": 0,
        "low_stock_threshold": 0,
        "is_low": False,
        "is_out": False,
        "allow_oversell": False,
        "version": 1,
        "counted_at": None,
        "locations": [{"location": "main", "on_hand": 10, "reserved": 0, "available": 10}],
    }
    example = EXAMPLES[LevelView]
    assert isinstance(example, dict)
    assert level.keys() == example.keys()


def test_a_registered_sku_without_events_has_level_0(api: Api) -> None:
    api.post("/skus", {"sku": "Fresh"}, expect=201)

    assert api.units("fresh") == (0, 0)
    assert api.get("/inventory-management/FRESH")["available"] == 0


def test_a_level_is_found_by_alias_and_by_codes_with_slashes_and_signs(api: Api) -> None:
    api.post("/skus", {"sku": "A/B 100%", "aliases": ["別名"]}, expect=201)

    for path in ("a%2Fb%20100%25", "A%2fB%20100%25", "%E5%88%A5%E5%90%8D"):
        assert api.get(f"/inventory/{path}")["sku"] == "a/b 100%"


def test_a_level_at_a_moment(shop: Api, clock: FakeClock) -> None:
    before = clock()
    clock.advance(60)
    shop.post("/inventory/reserve/cart", cart(quantity=3))
    clock.advance(60)
    late = (clock() - timedelta(seconds=90)).isoformat()
    shop.put(
        "/inventory/ce1111/adjust",
        {"mode": "subtract", "quantity": 1, "reason": "broken", "happened_at": late},
    )

    def at(moment: str, **more: str) -> tuple[int, int]:
        level = shop.get("/inventory/ce1111", params={"as_of": moment, **more})
        return level["on_hand"], level["reserved"]

    assert at(before.isoformat()) == (10, 0)
    assert at(late) == (9, 0)
    assert at(late, as_of_view="recorded") == (10, 0)
    assert at(clock().isoformat()) == (9, 3)
    assert at(before.isoformat().replace("+00:00", "Z")) == (10, 0)


def test_a_plus_sign_that_was_not_escaped_is_understood(shop: Api, clock: FakeClock) -> None:
    moment = clock().isoformat()

    assert "+00:00" in moment
    assert shop.get(f"/inventory/ce1111?as_of={moment}")["on_hand"] == 10


def test_moments_that_make_no_sense_are_refused(shop: Api, clock: FakeClock) -> None:
    for moment in (
        (clock() + timedelta(days=1)).isoformat(),
        "2026-03-01T12:00:00",
        "yesterday",
        "1772366400",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-02-30T00:00:00Z",
        "２０２６-03-01T12:00:00Z",
    ):
        problem = shop.get("/inventory/ce1111", params={"as_of": moment}, expect=422)
        assert problem["errors"][0]["field"] == "query.as_of"
    shop.get("/inventory/ce1111?as_of_view=recorded", expect=422)


def test_a_batch_answers_known_codes_and_lists_the_unknown(shop: Api) -> None:
    shop.post("/skus/ce1111/aliases", {"alias": "Kyusu"})
    asked = ["CE1111", "kyusu", "nobody", " ce1111 "]

    answer = shop.post("/inventory/batch", {"skus": asked})
    generic = shop.post("/inventory-management/batch-query", {"sku_codes": asked})

    assert {code: level["sku"] for code, level in answer["levels"].items()} == {
        "ce1111": "ce1111",
        "kyusu": "ce1111",
    }
    assert answer["unknown"] == ["nobody"]
    assert generic == answer


def test_a_batch_takes_a_thousand_codes_and_no_more(shop: Api) -> None:
    codes = ["ce1111", *(f"code-{number}" for number in range(999))]

    assert len(shop.post("/inventory/batch", {"skus": codes})["unknown"]) == 999
    problem = shop.post("/inventory/batch", {"skus": [*codes, "one-more"]}, expect=422)
    assert (problem["code"], problem["limit"]) == ("too_many_lines", 1000)


def test_low_stock_is_listed_page_by_page(shop: Api) -> None:
    for number in range(3):
        shop.post("/skus", {"sku": f"low-{number}"}, expect=201)
    shop.put("/inventory/low-1/threshold", {"low_stock_threshold": 5, "safety_stock": 1})

    first = shop.get("/inventory/low-stock", params={"limit": 2})
    second = shop.get("/inventory/low-stock", params={"limit": 2, "after": first["cursor"]})

    assert [level["sku"] for level in first["levels"]] == ["low-0", "low-1"]
    assert [level["sku"] for level in second["levels"]] == ["low-2"]
    assert second["cursor"] is None
    assert first["levels"][1]["low_stock_threshold"] == 5
