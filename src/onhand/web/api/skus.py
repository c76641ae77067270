"""SKUs, their aliases and their events."""

from typing import Annotated, Literal

import msgspec
from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, model_validator
from starlette.responses import Response

from onhand.access.model import Accepted, Refusal, Right
from onhand.catalog.commands import add_alias, create_skus, remove_alias, update_sku
from onhand.catalog.model import (
    LONGEST_NAME,
    LONGEST_URL,
    NewAlias,
    NewSku,
    SkuChange,
    Status,
)
from onhand.catalog.queries import SkuFilter, SkuPage, SkuSort, SkuView, list_skus, read_sku
from onhand.stock.commands.answers import StockAnswer
from onhand.stock.model.commands import ResetSku
from onhand.web.answers import CreatedSkus, History
from onhand.web.api.moves import HistorySearch, show_history
from onhand.web.bodies import example, some_of
from onhand.web.fields import CODE_SCHEMA, PageSize
from onhand.web.operation import operation, operations
from onhand.web.paths import PathSku
from onhand.web.visits import Visitor, Writer, answered, check_count, found, invalid, shown

router = operations(tag="SKUs")

# A code as people write it; the catalog checks it.
Written = Annotated[str, Field(max_length=1000), WithJsonSchema(CODE_SCHEMA)]
SkuStatus = Literal["active", "inactive"]
FIELD_REFUSALS = ("invalid_sku_code", "invalid_sku_field")


class NewSkuBody(BaseModel):
    """A SKU to register; `sku` and `aliases` as people write them."""

    model_config = example(
        sku="CE2222", name="丸い急須 黒", attributes={"color": "黒"}, aliases=["4900000000017"]
    )
    sku: Written
    name: Annotated[str, Field(max_length=LONGEST_NAME)] = ""
    image_url: Annotated[str, Field(max_length=LONGEST_URL)] | None = None
    attributes: dict[str, str] = Field(default_factory=dict)
    aliases: list[Written] = Field(default_factory=list)
    status: SkuStatus = "active"

    def new_sku(self) -> NewSku:
        """The catalog's new SKU."""
        return NewSku(
            self.sku,
            self.name,
            self.image_url,
            self.attributes,
            tuple(self.aliases),
            Status(self.status),
        )


class ManySkus(BaseModel):
    """SKUs to register together, all or none."""

    model_config = example(skus=[{"sku": "CE2222"}, {"sku": "CE2223", "name": "湯呑み"}])
    skus: Annotated[list[NewSkuBody], Field(min_length=1)]


class SkuChangeBody(BaseModel):
    """What is to become of a SKU; what is not named stays as it is."""

    model_config = some_of(name="丸い急須 白", status="inactive")
    name: Annotated[str, Field(max_length=LONGEST_NAME)] | None = None
    image_url: Annotated[str, Field(max_length=LONGEST_URL)] | None = Field(
        None, description="null removes it."
    )
    attributes: dict[str, str] | None = Field(None, description="Replaces all of them.")
    status: SkuStatus | None = None

    @model_validator(mode="after")
    def _check_something(self) -> "SkuChangeBody":
        if not self.model_fields_set:
            raise ValueError("name at least one of name, image_url, attributes and status")
        return self


class AliasBody(BaseModel):
    """Another code that shall mean the SKU."""

    model_config = example(alias="4900000000017")
    alias: Written


class SkuSearch(BaseModel):
    """Which SKUs to list, and how."""

    model_config = ConfigDict(extra="forbid")
    search: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="Part of the code, the name or an alias."
    )
    status: SkuStatus | None = None
    sort: SkuSort = SkuSort.CODE
    limit: PageSize = 100
    after: Annotated[str, Field(max_length=2000)] | None = Field(
        None, description="The `cursor` of the page before, in the same order."
    )


class _Created(msgspec.Struct):
    skus: list[msgspec.Raw]


@router.get("/skus", **operation(Right.READ, SkuPage))
def search_skus(visit: Visitor, wanted: Annotated[SkuSearch, Query()]) -> Response:
    """Registered SKUs: search, filter, sort, page by page."""
    status = None if wanted.status is None else Status(wanted.status)
    chosen = SkuFilter(wanted.search, status, wanted.sort, wanted.limit, wanted.after)
    try:
        with visit.environment.database.read() as connection:
            return shown(list_skus(connection, chosen))
    except ValueError as error:
        raise invalid("query.after", str(error)) from error


@router.post(
    "/skus",
    **operation(Right.OPERATE, SkuView, "sku_exists", "alias_taken", *FIELD_REFUSALS, status=201),
)
def register_sku(writer: Writer, body: NewSkuBody) -> Response:
    """Register a SKU; its stock starts at 0. A code removed before starts anew."""
    result = _create(writer, [body])
    if isinstance(result, Accepted):
        (only,) = msgspec.json.decode(result.answer, type=_Created).skus
        result = Accepted(result.command_id, bytes(only).decode(), result.replayed)
    return answered(result, status=201)


@router.post(
    "/skus/bulk",
    **operation(
        Right.OPERATE,
        CreatedSkus,
        *("sku_exists", "alias_taken", "too_many_lines", "too_many_skus"),
        *FIELD_REFUSALS,
        status=201,
    ),
)
def register_skus(writer: Writer, body: ManySkus) -> Response:
    """Register many SKUs, all or none."""
    check_count(body.skus, writer.visit)
    return answered(_create(writer, body.skus), status=201)


def _create(writer: Writer, bodies: list[NewSkuBody]) -> Accepted | Refusal:
    environment = writer.visit.environment
    return create_skus(environment.database, writer.asked(), [body.new_sku() for body in bodies])


@router.get("/skus/{sku}", **operation(Right.READ, SkuView, "unknown_sku"))
def show_sku(visit: Visitor, sku: PathSku) -> Response:
    """One SKU, by its code or an alias."""
    with visit.environment.database.read() as connection:
        return found(read_sku(connection, sku), sku)


@router.patch("/skus/{sku}", **operation(Right.OPERATE, SkuView, "unknown_sku", *FIELD_REFUSALS))
def change_sku(writer: Writer, sku: PathSku, body: SkuChangeBody) -> Response:
    """Change a SKU's name, image, attributes or status."""
    remove_image = body.image_url is None and "image_url" in body.model_fields_set
    change = SkuChange(
        sku,
        body.name,
        "" if remove_image else body.image_url,
        body.attributes,
        None if body.status is None else Status(body.status),
    )
    environment = writer.visit.environment
    return answered(update_sku(environment.database, writer.asked(), change))


@router.delete("/skus/{sku}", **operation(Right.OPERATE, StockAnswer, "unknown_sku"))
def remove_sku(writer: Writer, sku: PathSku) -> Response:
    """Make a SKU unregistered.

    Its stock, holds, history and aliases count no more; a SKU registered under the code again
    starts from zero. The ledger keeps what was.
    """
    return writer.decide(ResetSku(sku))


@router.post(
    "/skus/{sku}/aliases",
    **operation(Right.OPERATE, SkuView, "unknown_sku", "alias_taken", *FIELD_REFUSALS),
)
def give_alias(writer: Writer, sku: PathSku, body: AliasBody) -> Response:
    """Let another code mean the SKU; an alias it has already is no error."""
    environment = writer.visit.environment
    return answered(add_alias(environment.database, writer.asked(), NewAlias(sku, body.alias)))


@router.delete(
    "/skus/{sku}/aliases/{alias}",
    **operation(Right.OPERATE, SkuView, "unknown_sku", "unknown_alias"),
)
def take_alias(writer: Writer, sku: PathSku, alias: PathSku) -> Response:
    """Let a code mean the SKU no longer."""
    environment = writer.visit.environment
    return answered(remove_alias(environment.database, writer.asked(), NewAlias(sku, alias)))


@router.get("/events/{sku}", **operation(Right.OPERATE, History, "unknown_sku"))
def read_events(
    visit: Visitor, sku: PathSku, wanted: Annotated[HistorySearch, Query()]
) -> Response:
    """Every event of a SKU since it was registered, newest first."""
    return show_history(visit, sku, wanted)
