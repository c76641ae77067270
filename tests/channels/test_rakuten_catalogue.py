"""The catalogue: every listing once, and no partial one taken for the whole."""

from typing import Any

import pytest

from onhand.channels.errors import ChannelProtocolError
from onhand.channels.port import ChannelListing, ListingKey
from onhand.channels.rakuten.channel import RakutenChannel
from tests.channels.scripted import ScriptedShop, says


def page(*items: Any, found: int | None = None, mark: str | None = "m") -> Any:
    """A page of items.search."""
    results = [{"item": item} for item in items]
    total = len(items) if found is None else found
    return {"numFound": total, "offset": 0, "nextCursorMark": mark, "results": results}


def plain(name: str, **changes: Any) -> dict[str, Any]:
    """An item with one variant."""
    return {"manageNumber": name, "title": name, "variants": {"normal-inventory": {}}} | changes


def pull(rakuten: RakutenChannel) -> list[ChannelListing]:
    """The whole catalogue in one list."""
    return [listing for listings in rakuten.listings() for listing in listings]


TOTE = {
    "manageNumber": "Tote-Canvas",
    "itemNumber": "TOTE",
    "title": "帆布トート",
    "hideItem": False,
    "images": [{"type": "CABINET", "location": "/bags/tote01.jpg", "alt": "front"}],
    "variantSelectors": [{"key": "color"}],
    "variants": {
        "tote-BK": {
            "merchantDefinedSkuId": "TOTE-BK",
            "selectorValues": {"color": "黒"},
            "standardPrice": "1990",
            "images": {"type": "GOLD", "location": "/bk.jpg"},
        },
        "tote-WH": {"selectorValues": {"color": "白"}, "standardPrice": 1990, "hidden": True},
    },
}


def test_each_variant_is_a_listing(shop: ScriptedShop, rakuten: RakutenChannel) -> None:
    single = {"normal-inventory": {"merchantDefinedSkuId": "  MUG-1 "}}
    mug = plain("mug", hideItem=True, variants=single)
    shop.will(says(page(TOTE, mug, mark="*")))

    assert pull(rakuten) == [
        ChannelListing(
            ListingKey("tote-canvas", "tote-BK"),
            "帆布トート 黒",
            ("TOTE-BK", "tote-BK"),
            "https://www.rakuten.ne.jp/gold/tokyo-bags/bk.jpg",
        ),
        ChannelListing(
            ListingKey("tote-canvas", "tote-WH"),
            "帆布トート 白",
            ("tote-WH",),
            "https://image.rakuten.co.jp/tokyo-bags/cabinet/bags/tote01.jpg",
            is_sold=False,
        ),
        ChannelListing(
            ListingKey("mug", "normal-inventory"), "mug", ("MUG-1", "mug"), is_sold=False
        ),
    ]
    assert shop.heard[0].query == {"hits": ["100"], "cursorMark": ["*"]}


def test_the_cursor_is_followed_until_it_stands_still(
    shop: ScriptedShop, rakuten: RakutenChannel, paced: list[str]
) -> None:
    shop.will(
        says(page(plain("a"), found=2, mark="AoE/BH=+")),
        says(page(plain("b"), found=2, mark="AoE/BH=+ 2")),
        says(page(found=2, mark="AoE/BH=+ 2")),
    )

    assert [listing.key.item for listing in pull(rakuten)] == ["a", "b"]
    assert [heard.query["cursorMark"] for heard in shop.heard] == [
        ["*"],
        ["AoE/BH=+"],
        ["AoE/BH=+ 2"],
    ]
    assert paced == ["items.search"] * 3


def test_stubs_of_deleted_items_and_repeated_items_are_left_out(
    shop: ScriptedShop, rakuten: RakutenChannel
) -> None:
    stubs = [{"manageNumber": "gone"}, {"manageNumber": "gone2", "variants": None}]
    shop.will(
        says(page(plain("a"), *stubs, found=4, mark="1")),
        says(page(plain("A"), plain("b"), found=4, mark=None)),
    )

    assert [listing.key.item for listing in pull(rakuten)] == ["a", "b"]


@pytest.mark.parametrize("end", [page(found=1, mark="new"), page(plain("a"), found=1, mark=None)])
def test_other_ends_are_ends_too(shop: ScriptedShop, rakuten: RakutenChannel, end: Any) -> None:
    shop.will(says(page(plain("a"), found=1, mark="1")), says(end))

    assert len(pull(rakuten)) == 1


def test_an_empty_shop(shop: ScriptedShop, rakuten: RakutenChannel) -> None:
    shop.will(says(page(mark="*")))

    assert pull(rakuten) == []


@pytest.mark.parametrize(
    "script",
    [
        [page(plain("a"), found=900, mark="*")],
        [page(plain("a"), found=9, mark="1"), page(found=9, mark="2")],
        [page(plain("a"), found=9, mark="1"), page(plain("b"), found=9, mark=None)],
        [page(found=-1, mark="*")],
        [page(plain("a"), found=9, mark=m) for m in ("1", "2", "1")],
        [page(plain("a"), found=9, mark=str(m)) for m in range(20)],
        [page(*(plain(f"{m}-{i}") for i in range(100)), found=9, mark=str(m)) for m in range(3)],
        [page(plain("a", variants=[]), mark="*")],
        [page(plain("a", variants={"v": 1}), mark="*")],
        [page({"title": "x"}, mark="*")],
        [page(plain("a"), mark="*") | {"results": None}],
        [page(plain("a"), mark="*") | {"numFound": None}],
    ],
)
def test_a_catalogue_that_cannot_be_whole_is_none(
    shop: ScriptedShop, rakuten: RakutenChannel, script: list[Any]
) -> None:
    shop.will(*map(says, script))

    with pytest.raises(ChannelProtocolError):
        pull(rakuten)


def test_odd_ornaments_harm_nobody(shop: ScriptedShop, rakuten: RakutenChannel) -> None:
    variant = {"selectorValues": [1], "images": "x", "hidden": "no", "merchantDefinedSkuId": 5}
    odd = plain("a", title=None, images=[None, {"type": 1}], hideItem=None)
    shop.will(says(page(odd | {"variants": {"v": variant}}, mark="*")))

    assert pull(rakuten) == [ChannelListing(ListingKey("a", "v"), "a", ("v", "a"))]
