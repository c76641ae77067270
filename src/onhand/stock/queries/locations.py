"""Locations: where units physically are."""

import msgspec
import sqlalchemy as sa

from onhand.stock.tables import location


class LocationView(msgspec.Struct, frozen=True):
    """One location; units are taken from lower `priority` first, from `main` before all."""

    location: str
    name: str
    priority: int
    active: bool


def list_locations(connection: sa.Connection) -> list[LocationView]:
    """Every location, in the order units are taken from them."""
    place = location.c
    statement = sa.select(location).order_by(
        place.location_id != "main", place.priority, place.location_id
    )
    return [
        LocationView(row.location_id, row.name, row.priority, row.active)
        for row in connection.execute(statement)
    ]


def read_location(connection: sa.Connection, location_id: str) -> LocationView | None:
    """One location, active or not."""
    places = list_locations(connection)
    return next((place for place in places if place.location == location_id), None)
