"""Stores: the shop accounts that are worked for, and their keys."""

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, model_validator
from starlette.responses import Response

from onhand.access.model import Right
from onhand.catalog.commands.stores import (
    create_store,
    deactivate_store,
    set_credentials,
    update_store,
)
from onhand.catalog.model.skus import LONGEST_NAME
from onhand.catalog.model.stores import (
    LONGEST_CREDENTIAL,
    SETTING_RANGES,
    NewKeys,
    NewStore,
    Platform,
    StoreChange,
    StoreStatus,
)
from onhand.catalog.queries.stores import StoreView, list_stores, read_store
from onhand.web.answers import Stores
from onhand.web.bodies import example, some_of
from onhand.web.errors import Problem, Refused
from onhand.web.fields import STORE_SCHEMA, Moment
from onhand.web.operation import operation, operations
from onhand.web.paths import PathStore
from onhand.web.visits import Visitor, Writer, answered, shown

router = operations("/stores", tag="stores")

_VERSIONS = SETTING_RANGES["order_api_version"]
_INTERVALS = SETTING_RANGES["poll_interval_s"]
_TARGETS = SETTING_RANGES["freshness_target_s"]
StoreName = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]


def _without_defaults(schema: dict[str, Any]) -> None:
    """Leave out what would be taken for the value of a setting that is not named."""
    for member in schema["properties"].values():
        member.pop("default", None)


class SettingsBody(BaseModel):
    """A Rakuten store's settings; one that is not named stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=_without_defaults)
    shop_code: str = Field(
        default="",
        pattern=r"^[a-z0-9_-]*$",
        max_length=40,
        description="The last part of the shop's address at rakuten.co.jp, for image addresses.",
    )
    order_api_version: int = Field(
        default=7,
        strict=True,
        ge=_VERSIONS[0],
        le=_VERSIONS[1],
        description="Version of getOrder; 7 unless set.",
    )
    use_purchase_item_api: bool = Field(
        default=False,
        strict=True,
        description="Read orders without the buyer's name and address; false unless set.",
    )
    poll_interval_s: int = Field(
        default=900,
        strict=True,
        ge=_INTERVALS[0],
        le=_INTERVALS[1],
        description="Seconds between two looks for new orders; 900 unless set.",
    )
    freshness_target_s: int = Field(
        default=300,
        strict=True,
        ge=_TARGETS[0],
        le=_TARGETS[1],
        description="How old a change may be when the shop has it, in seconds; 300 unless set.",
    )
    confirm_orders: bool = Field(
        default=True, strict=True, description="Confirm new orders at the shop; true unless set."
    )
    sku_code_from: Literal[
        "merchant_defined_sku_id", "variant_id", "item_number", "manage_number"
    ] = Field(
        default="merchant_defined_sku_id",
        description="Which of the shop's fields holds your SKU code; "
        "`merchant_defined_sku_id` (システム連携用SKU番号) unless set.",
    )


class NewStoreBody(BaseModel):
    """A store to make known; its keys are set afterwards."""

    model_config = example(store="rakuten-tokyo", name="帆布堂", settings={"shop_code": "hanpudo"})
    store: Annotated[str, Field(max_length=1000), WithJsonSchema(STORE_SCHEMA)]
    platform: Literal["rakuten"] = "rakuten"
    name: StoreName
    settings: SettingsBody = SettingsBody()
    orders_from: Moment | None = Field(
        None, description="Orders placed since then are taken in; without it, since now."
    )


class StoreChangeBody(BaseModel):
    """What is to become of a store; what is not named stays as it is."""

    model_config = some_of(status="paused", settings={"poll_interval_s": 600})
    name: StoreName | None = None
    settings: SettingsBody | None = None
    status: Literal["active", "paused"] | None = Field(
        None, description="`paused` stops all work for the store; `active` lets it go on."
    )

    @model_validator(mode="after")
    def _check_something(self) -> "StoreChangeBody":
        if all(value is None for value in self.model_dump().values()):
            raise ValueError("name at least one of name, settings and status")
        return self


Key = Annotated[
    str,
    Field(max_length=1000, repr=False),
    WithJsonSchema(
        {
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_CREDENTIAL,
            "pattern": "^[!-~]+$",
            "writeOnly": True,
        }
    ),
]


_KEYS = {"service_secret": "SP-example-not-a-key", "license_key": "SL-example-not-a-key"}


class KeysBody(BaseModel):
    """A Rakuten store's keys; space and line ends around them do not count."""

    model_config = example(**_KEYS)
    service_secret: Key
    license_key: Key


class StoreSearch(BaseModel):
    """Which stores to list."""

    model_config = ConfigDict(extra="forbid")
    status: StoreStatus | None = None


def unknown_store(store: str) -> Refused:
    """The refusal of a store that is not there."""
    return Refused(Problem("unknown_store", {"store": store}))


@router.get("", **operation(Right.READ, Stores))
def read_stores(visit: Visitor, wanted: Annotated[StoreSearch, Query()]) -> Response:
    """Every store, with the state of its keys."""
    environment = visit.environment
    with environment.database.read() as connection:
        found = list_stores(connection, now=environment.clock(), status=wanted.status)
    return shown(Stores(found))


@router.post(
    "",
    **operation(
        Right.ADMINISTER,
        StoreView,
        *("store_exists", "invalid_store_id", "invalid_store_field"),
        status=201,
    ),
)
def add_store(writer: Writer, body: NewStoreBody) -> Response:
    """Make a store known.

    Nothing is asked of the shop before it has keys.
    """
    new = NewStore(
        body.store,
        body.name,
        Platform(body.platform),
        body.settings.model_dump(exclude_unset=True),
        body.orders_from,
    )
    result = create_store(writer.visit.environment.database, writer.asked(), new)
    return answered(result, status=201)


@router.get("/{store}", **operation(Right.READ, StoreView, "unknown_store"))
def show_store(visit: Visitor, store: PathStore) -> Response:
    """One store."""
    environment = visit.environment
    with environment.database.read() as connection:
        found = read_store(connection, store, now=environment.clock())
    if found is None:
        raise unknown_store(store)
    return shown(found)


@router.patch(
    "/{store}", **operation(Right.OPERATE, StoreView, "unknown_store", "invalid_store_field")
)
def change_store(writer: Writer, store: PathStore, body: StoreChangeBody) -> Response:
    """Change a store's name or settings, pause it or let it go on."""
    change = StoreChange(
        store,
        body.name,
        None if body.settings is None else body.settings.model_dump(exclude_unset=True),
        None if body.status is None else StoreStatus(body.status),
    )
    return answered(update_store(writer.visit.environment.database, writer.asked(), change))


@router.delete("/{store}", **operation(Right.ADMINISTER, StoreView, "unknown_store"))
def give_up_store(writer: Writer, store: PathStore) -> Response:
    """Deactivate a store.

    Nothing is deleted: its orders, listings and keys stay. `PATCH` with `active` brings it back.
    """
    return answered(deactivate_store(writer.visit.environment.database, writer.asked(), store))


@router.put(
    "/{store}/credentials",
    **operation(Right.ADMINISTER, StoreView, "unknown_store", "invalid_credentials"),
)
def replace_keys(writer: Writer, store: PathStore, body: KeysBody) -> Response:
    """Set a store's keys.

    They are stored encrypted and never shown again. A store that was paused because its keys had
    ended goes on.
    """
    environment = writer.visit.environment
    keys = NewKeys(store, body.model_dump())
    return answered(
        set_credentials(environment.database, writer.asked(), keys, vault=environment.vault)
    )
