"""Commands about locations."""

from dataclasses import dataclass

import sqlalchemy as sa

from onhand.access.commands import Change, Write, write_once
from onhand.access.model import Accepted, Asked, Refusal
from onhand.db.database import Database
from onhand.stock.model.events import MAIN_LOCATION
from onhand.stock.model.refusals import (
    LocationExists,
    LocationNotEmpty,
    MainLocation,
    UnknownLocation,
)
from onhand.stock.queries.locations import read_location
from onhand.stock.tables import location, stock_level


@dataclass(frozen=True, slots=True)
class NewLocation:
    """A place for units; lower `priority` is taken from first, after `main`."""

    location: str
    name: str
    priority: int = 100


@dataclass(frozen=True, slots=True)
class LocationChange:
    """What to change; None leaves a value as it is."""

    location: str
    name: str | None = None
    priority: int | None = None
    active: bool | None = None


def create_location(database: Database, asked: Asked, new: NewLocation) -> Accepted | Refusal:
    """Add a location; the answer is its `LocationView`.

    Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """

    def run(connection: sa.Connection) -> Change | Refusal:
        if read_location(connection, new.location) is not None:
            return LocationExists(new.location)
        connection.execute(
            sa.insert(location).values(
                location_id=new.location, name=new.name, priority=new.priority
            )
        )
        view = read_location(connection, new.location)
        return Change(f"location:{new.location}", view, after=view)

    return write_once(database, asked, Write("CreateLocation", new), run)


def update_location(database: Database, asked: Asked, change: LocationChange) -> Accepted | Refusal:
    """Rename, re-order or (de)activate a location; its history stays either way.

    Only an empty location can be deactivated, so that what is counted as available is always what
    can be taken. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """

    def run(connection: sa.Connection) -> Change | Refusal:
        before = read_location(connection, change.location)
        if before is None:
            return UnknownLocation(change.location)
        if change.active is False:
            refusal = _check_empty(connection, change.location)
            if refusal is not None:
                return refusal
        wanted = {"name": change.name, "priority": change.priority, "active": change.active}
        values = {column: value for column, value in wanted.items() if value is not None}
        if values:
            connection.execute(
                sa.update(location)
                .where(location.c.location_id == change.location)
                .values(**values)
            )
        after = read_location(connection, change.location)
        return Change(f"location:{change.location}", after, before=before, after=after)

    return write_once(database, asked, Write("UpdateLocation", change), run)


def _check_empty(connection: sa.Connection, location_id: str) -> Refusal | None:
    if location_id == MAIN_LOCATION:
        return MainLocation(location_id)
    if connection.dialect.name == "postgresql":
        # A batch that was decided while the location was open has read this table and writes yet:
        # wait for it, and let no other begin before this commit.
        connection.execute(sa.text("LOCK TABLE stock_level IN ACCESS EXCLUSIVE MODE"))
    level = stock_level.c
    skus = connection.execute(
        sa.select(sa.func.count()).where(
            level.location_id == location_id,
            sa.or_(level.on_hand != 0, level.reserved != 0),
        )
    ).scalar_one()
    return LocationNotEmpty(location_id, skus) if skus else None
