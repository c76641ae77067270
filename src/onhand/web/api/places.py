"""Locations: where units physically are."""

from typing import Annotated

from pydantic import BaseModel, Field, model_validator
from starlette.responses import Response

from onhand.access.model import Right
from onhand.stock.commands.locations import (
    LocationChange,
    NewLocation,
    create_location,
    update_location,
)
from onhand.stock.queries.locations import LocationView, list_locations
from onhand.web.answers import Locations
from onhand.web.bodies import example, some_of
from onhand.web.fields import Location, Name
from onhand.web.operation import operation, operations
from onhand.web.paths import PathName
from onhand.web.visits import Visitor, Writer, answered, shown

router = operations("/locations", tag="locations")

Priority = Annotated[
    int,
    Field(strict=True, ge=0, le=10_000, description="Lower is taken from first, after `main`."),
]


class NewLocationBody(BaseModel):
    """A place for units."""

    model_config = example(location="osaka", name="大阪倉庫", priority=10)
    location: Location
    name: Name
    priority: Priority = 100


class LocationChangeBody(BaseModel):
    """What to change; what is not named stays as it is."""

    model_config = some_of(name="大阪第二倉庫", active=True)
    name: Name | None = None
    priority: Priority | None = None
    active: bool | None = Field(
        None, strict=True, description="false: no units can be put there; it must be empty."
    )

    @model_validator(mode="after")
    def _check_something(self) -> "LocationChangeBody":
        if all(value is None for value in self.model_dump().values()):
            raise ValueError("name at least one of name, priority and active")
        return self


@router.get("", **operation(Right.READ, Locations))
def read_locations(visit: Visitor) -> Response:
    """Every location, in the order units are taken from them."""
    with visit.environment.database.read() as connection:
        return shown(Locations(list_locations(connection)))


@router.post(
    "",
    **operation(Right.OPERATE, LocationView, "location_exists", status=201),
)
def add_location(writer: Writer, body: NewLocationBody) -> Response:
    """Add a location."""
    environment = writer.visit.environment
    result = create_location(
        environment.database, writer.asked(), NewLocation(body.location, body.name, body.priority)
    )
    return answered(result, status=201)


@router.patch(
    "/{location}",
    **operation(
        Right.OPERATE,
        LocationView,
        "unknown_location",
        "location_not_empty",
        "main_location",
    ),
)
def change_location(writer: Writer, location: PathName, body: LocationChangeBody) -> Response:
    """Rename, re-order, deactivate or reactivate a location; its history stays."""
    environment = writer.visit.environment
    result = update_location(
        environment.database,
        writer.asked(),
        LocationChange(location, body.name, body.priority, body.active),
    )
    return answered(result)
