"""Locations: made, renamed, put in another order, closed and opened."""

from dataclasses import replace

from onhand.access.model import Accepted, Actor, Asked
from onhand.stock.commands.locations import (
    LocationChange,
    NewLocation,
    create_location,
    update_location,
)
from onhand.stock.model.refusals import LocationExists, LocationNotEmpty, UnknownLocation
from onhand.stock.queries.locations import LocationView, list_locations
from tests.shop import Shop, deduct, order, reserve
from tests.stock.recount import table

BOSS = Actor("boss")


def create(shop: Shop, new: NewLocation, *, key: str | None = None) -> object:
    """Add a location."""
    return create_location(shop.database, Asked(BOSS, shop.clock(), key), new)


def update(shop: Shop, change: LocationChange, *, key: str | None = None) -> object:
    """Change a location."""
    return update_location(shop.database, Asked(BOSS, shop.clock(), key), change)


def listed(shop: Shop) -> list[LocationView]:
    """All locations in the order units are taken from them."""
    with shop.database.read() as connection:
        return list_locations(connection)


def test_a_new_location_takes_its_place_in_the_order(shop: Shop) -> None:
    for new in (NewLocation("late", "Late", 300), NewLocation("soon", "Soon", 5)):
        assert isinstance(create(shop, new), Accepted)
    assert listed(shop) == [
        LocationView("main", "Main", 0, True),
        LocationView("soon", "Soon", 5, True),
        LocationView("late", "Late", 300, True),
    ]


def test_reads_and_decisions_agree_on_the_order(shop: Shop) -> None:
    """Main comes first whatever its priority; among equals the id decides."""
    for place in ("b", "a", "c"):
        create(shop, NewLocation(place, place, 1))
    update(shop, LocationChange("main", priority=99))
    shop.register(x=1)
    for place in ("a", "b", "c"):
        shop.receive("x", 1, at=place)
    answer = shop.do(reserve(order(), x=4))
    taken = [hold["location"] for hold in answer["reservations"]]
    assert taken == ["main", "a", "b", "c"] == [view.location for view in listed(shop)]


def test_a_location_exists_once(shop: Shop) -> None:
    create(shop, NewLocation("east", "East"))
    assert create(shop, NewLocation("east", "Other")) == LocationExists("east")
    assert create(shop, NewLocation("main", "Other")) == LocationExists("main")
    assert [view.name for view in listed(shop)] == ["Main", "East"]


def test_what_is_not_named_stays(shop: Shop) -> None:
    create(shop, NewLocation("east", "East", 7))
    update(shop, LocationChange("east", name="Far East"))
    update(shop, LocationChange("east", active=False))
    update(shop, LocationChange("east"))
    assert listed(shop)[1] == LocationView("east", "Far East", 7, False)


def test_an_unknown_location_cannot_be_changed(shop: Shop) -> None:
    assert update(shop, LocationChange("moon", name="Moon")) == UnknownLocation("moon")


def test_a_location_with_units_cannot_be_closed(shop: Shop) -> None:
    create(shop, NewLocation("east", "East"))
    shop.register("a", "b")
    shop.receive("a", 1, at="east")
    shop.receive("b", 1, at="east")
    closing = LocationChange("east", active=False)
    assert update(shop, closing) == LocationNotEmpty("east", 2)
    shop.do(deduct(order(), a=1, b=1))
    assert isinstance(update(shop, closing), Accepted)


def test_every_change_is_in_the_audit_trail_and_happens_once(shop: Shop) -> None:
    first = create(shop, NewLocation("east", "East"), key="k")
    assert isinstance(first, Accepted)
    assert create(shop, NewLocation("east", "East"), key="k") == replace(first, replayed=True)
    update(shop, LocationChange("east", name="Far East"), key="k2")
    entries = table(shop.database, "audit_entry", "recorded_at, action")
    assert [(e["action"], e["subject"], e["actor"]) for e in entries] == [
        ("CreateLocation", "location:east", "boss"),
        ("UpdateLocation", "location:east", "boss"),
    ]
    assert '"East"' in entries[1]["before"]
    assert '"Far East"' in entries[1]["after"]
