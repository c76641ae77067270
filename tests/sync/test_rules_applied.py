"""Rules at work (Y5), planning anew and what a rule would change (Y8)."""

import pytest
import sqlalchemy as sa

from onhand.access.model import Accepted, Refusal
from onhand.catalog.commands.listings import take_catalogue_page
from onhand.catalog.model.listings import ListingNotFound
from onhand.catalog.model.stores import StoreNotFound
from onhand.channels.port import ChannelListing, ListingKey
from onhand.stock.model.commands import SetPolicy
from onhand.sync.commands.replan import Plan, changes, mark_changed
from onhand.sync.commands.rules import set_rule
from onhand.sync.model.refusals import InvalidRule
from onhand.sync.model.rules import Rule
from onhand.sync.tables import listing_push
from tests.marketplace import Marketplace


def rule(
    marketplace: Marketplace, store_id: str, new: Rule, name: str | None = None
) -> Accepted | Refusal:
    """Set a store's rule, or that of one of its listings."""
    listing_id = "" if name is None else marketplace.listing_id(store_id, name)
    return set_rule(marketplace.database, marketplace.asked(), store_id, new, listing_id=listing_id)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("new", "shown"),
    [
        (Rule(safety_units=3), 17),
        (Rule(safety_units=30), 0),
        (Rule(share_percent=50), 10),
        (Rule(share_percent=0), 0),
        (Rule(cap_units=5), 5),
        (Rule(floor_units=21), 0),
        (Rule(floor_units=20), 20),
        (Rule(fixed_units=2), 2),
        (Rule(fixed_units=50), 20),
        (Rule(safety_units=4, share_percent=50, cap_units=6), 6),
    ],
)
def test_a_rule_is_what_the_shop_shows(marketplace: Marketplace, new: Rule, shown: int) -> None:
    marketplace.offer(tote=20)
    marketplace.set_up()
    assert isinstance(rule(marketplace, "tokyo", new), Accepted)
    marketplace.catch_up()
    assert marketplace.shown("tote") == {"tokyo": shown, "osaka": 20}
    assert isinstance(rule(marketplace, "tokyo", Rule()), Accepted)
    marketplace.catch_up()
    assert marketplace.shown("tote") == {"tokyo": 20, "osaka": 20}


def test_a_listings_rule_goes_before_its_stores(marketplace: Marketplace) -> None:
    marketplace.offer(tote=20, mug=20)
    marketplace.set_up()
    rule(marketplace, "tokyo", Rule(safety_units=3, cap_units=10))
    rule(marketplace, "tokyo", Rule(cap_units=15), "mug")
    marketplace.catch_up()
    assert marketplace.shown("tote")["tokyo"] == 10
    assert marketplace.shown("mug")["tokyo"] == 15
    marketplace.goods.receive("mug", 5)
    rule(marketplace, "tokyo", Rule(cap_units=99), "mug")
    marketplace.catch_up()
    assert marketplace.shown("mug") == {"tokyo": 22, "osaka": 25}


def test_a_paused_listing_is_left_alone_and_caught_up_with(marketplace: Marketplace) -> None:
    marketplace.offer(tote=20, mug=20)
    marketplace.set_up()
    rule(marketplace, "tokyo", Rule(paused=True), "tote")
    marketplace.goods.receive("tote", 5)
    marketplace.goods.receive("mug", 5)
    marketplace.catch_up()
    assert marketplace.shown("tote") == {"tokyo": 20, "osaka": 25}
    assert marketplace.shown("mug") == {"tokyo": 25, "osaka": 25}
    marketplace.buy("tokyo", "tote", 2)
    marketplace.catch_up()
    assert marketplace.shown("tote") == {"tokyo": 18, "osaka": 23}
    rule(marketplace, "tokyo", Rule(), "tote")
    marketplace.catch_up()
    assert marketplace.shown("tote") == {"tokyo": 23, "osaka": 23}


@pytest.mark.parametrize(
    ("new", "field"),
    [
        (Rule(safety_units=-1), "safety_units"),
        (Rule(share_percent=101), "share_percent"),
        (Rule(cap_units=1_000_001), "cap_units"),
        (Rule(fixed_units=-5), "fixed_units"),
    ],
)
def test_values_out_of_range(marketplace: Marketplace, new: Rule, field: str) -> None:
    refused = rule(marketplace, "tokyo", new)
    assert isinstance(refused, InvalidRule)
    assert refused.field == field


def test_rules_of_what_is_not_there(marketplace: Marketplace) -> None:
    marketplace.offer(tote=20)
    marketplace.set_up()
    assert isinstance(rule(marketplace, "nowhere", Rule(cap_units=1)), StoreNotFound)
    elsewhere = set_rule(
        marketplace.database,
        marketplace.asked(),
        "tokyo",
        Rule(cap_units=1),
        listing_id=marketplace.listing_id("osaka", "tote"),
    )
    assert isinstance(elsewhere, ListingNotFound)


def test_what_a_rule_would_change(marketplace: Marketplace) -> None:
    marketplace.offer(tote=20, mug=4)
    marketplace.set_up()
    supposed = {"": Rule(cap_units=5)}
    with marketplace.database.read() as connection:
        plan = Plan("tokyo", 99_999, supposed)
        found = list(changes(connection, plan, now=marketplace.clock()))
    (change,) = found
    assert (change.item, change.sku) == ("tote", "tote")
    assert (change.believed, change.shows_now, change.would_show) == (20, 20, 5)
    marketplace.catch_up()
    assert marketplace.shown("tote") == {"tokyo": 20, "osaka": 20}


def test_replanning_finds_what_nobody_marked(marketplace: Marketplace) -> None:
    """The safety stock of a SKU is no event: the sweep finds that the number is another."""
    marketplace.offer(tote=20)
    marketplace.set_up()
    plan = Plan("tokyo", 99_999)
    assert mark_changed(marketplace.database, plan, now=marketplace.clock()) == 0
    marketplace.goods.do(SetPolicy("tote", safety_stock=6))
    assert marketplace.do("sync.follow").done == 0
    marketplace.do("sync.replan", "tokyo")
    marketplace.do("sync.push", "tokyo")
    assert marketplace.shown("tote") == {"tokyo": 14, "osaka": 20}


def test_more_than_a_shop_can_hold(marketplace: Marketplace) -> None:
    marketplace.offer(tote=250_000)
    marketplace.set_up()
    assert marketplace.shown("tote") == {"tokyo": 99_999, "osaka": 99_999}
    marketplace.buy("tokyo", "tote", 10)
    marketplace.catch_up()
    assert marketplace.shown("tote") == {"tokyo": 99_999, "osaka": 99_999}


class Died(Exception):
    """The process is gone."""


def list_many(marketplace: Marketplace, store_id: str, number: int) -> None:
    """Put up so many listings of one SKU that nobody has pushed anything for yet."""
    seen = [ChannelListing(ListingKey(f"i{n:05}", "v"), "", ("tote",)) for n in range(number)]
    with marketplace.database.begin() as connection:
        take_catalogue_page(connection, store_id, seen, marketplace.clock())


def test_a_stores_rule_marks_its_listings_in_bounded_steps(marketplace: Marketplace) -> None:
    marketplace.goods.register(tote=20)
    list_many(marketplace, "tokyo", 2_001)
    commits: list[int] = []

    def stale() -> int:
        statement = sa.select(sa.func.count()).where(listing_push.c.stale_at.is_not(None))
        with marketplace.database.read() as connection:
            return int(connection.execute(statement).scalar_one())

    def note(when: str) -> None:
        if when == "after":
            commits.append(stale())

    marketplace.database.at_commit = note
    rule(marketplace, "tokyo", Rule(cap_units=5))
    marketplace.database.at_commit = None

    assert commits == [0, 1000, 2000, 2001]


@pytest.mark.parametrize("steps", [1, 2])
def test_a_rule_that_was_cut_short_is_followed_by_planning_anew(
    marketplace: Marketplace, steps: int
) -> None:
    marketplace.offer(tote=20)
    marketplace.set_up()
    assert marketplace.shown("tote") == {"tokyo": 20, "osaka": 20}
    left = steps

    def die(when: str) -> None:
        nonlocal left
        left -= when == "after"
        if left == 0:
            raise Died

    marketplace.database.at_commit = die
    with pytest.raises(Died):
        rule(marketplace, "tokyo", Rule(cap_units=5))
    marketplace.database.at_commit = None
    marketplace.do("sync.replan", "tokyo")
    marketplace.catch_up()

    assert marketplace.shown("tote") == {"tokyo": 5, "osaka": 20}
