"""What the interface answers, beyond the views of the rooms; schemas are made from these types."""

from datetime import datetime

import msgspec

from onhand.access.queries import AuditPage, TokenView, UserView
from onhand.catalog.queries import SkuPage, SkuView
from onhand.catalog.queries.listings import ListingPage, ListingView
from onhand.catalog.queries.stores import StoreView
from onhand.catalog.queries.suggestions import Suggestion
from onhand.jobs.queries import TaskView
from onhand.orders.queries.desk import DeskPage
from onhand.orders.queries.due import CursorView
from onhand.orders.queries.orders import OrderPage, OrderView
from onhand.orders.queries.oversell import OversellReport
from onhand.orders.queries.reconcile import Reconciliation
from onhand.stock.commands.answers import StockAnswer
from onhand.stock.queries.counts import CountView
from onhand.stock.queries.feed import FeedPage
from onhand.stock.queries.history import EventView, Explanation
from onhand.stock.queries.holds import HoldView
from onhand.stock.queries.levels import LevelView
from onhand.stock.queries.locations import LocationView
from onhand.sync.model.rules import Rule
from onhand.sync.queries.catalogue import CatalogueCount
from onhand.sync.queries.drifts import DriftPage
from onhand.sync.queries.explain import ListingExplanation
from onhand.sync.queries.failed import FailedPage
from onhand.sync.queries.pushes import PushPage
from onhand.sync.queries.rules import Preview, RuleView
from onhand.web.connections import ConnectionTest
from onhand.web.standing import SyncStatus


class LevelBatch(msgspec.Struct, frozen=True):
    """Levels by the code that was asked (normalised), and the codes nobody knows."""

    levels: dict[str, LevelView]
    unknown: list[str]


class LowStock(msgspec.Struct, frozen=True):
    """SKUs at or below their threshold, by code; ask again with `after` = `cursor`."""

    levels: list[LevelView]
    cursor: str | None


class ReservationPage(msgspec.Struct, frozen=True):
    """Reservations by id; ask again with `after` = `cursor` (null: that was all)."""

    reservations: list[HoldView]
    cursor: str | None


class History(msgspec.Struct, frozen=True):
    """Events of one SKU, newest first; ask again with `before` = `cursor` (null: that was all)."""

    events: list[EventView]
    cursor: int | None


class Swept(msgspec.Struct, frozen=True):
    """How many SKUs had holds to end."""

    skus: int


class CreatedSkus(msgspec.Struct, frozen=True):
    """The SKUs that were registered, in the order given."""

    skus: list[SkuView]


class Locations(msgspec.Struct, frozen=True):
    """Every location, in the order units are taken from them."""

    locations: list[LocationView]


class Tokens(msgspec.Struct, frozen=True):
    """Every token ever made, oldest first."""

    tokens: list[TokenView]


class Users(msgspec.Struct, frozen=True):
    """Every person, by name."""

    users: list[UserView]


class CountPage(msgspec.Struct, frozen=True):
    """Stocktakes, newest first; ask again with `before` = `cursor` (null: that was all)."""

    counts: list[CountView]
    cursor: str | None


class Reset(msgspec.Struct, frozen=True):
    """The environment that was emptied and filled with the demo again."""

    reset: str


class NewTokenAnswer(msgspec.Struct, frozen=True):
    """A new token; the secret `token` is shown this once."""

    token_id: str
    name: str
    scope: str
    expires_at: datetime | None
    token: str


class OwnerTokenAnswer(msgspec.Struct, frozen=True):
    """A token (JWT) that can touch one owner's holds."""

    token: str
    token_type: str
    owner: str
    expires_at: datetime


class Me(msgspec.Struct, frozen=True):
    """Whom the token speaks for; `owner` is set for a token bound to one owner."""

    name: str
    scope: str
    rights: list[str]
    environment: str
    owner: str | None
    token_id: str


class Health(msgspec.Struct, frozen=True):
    """The server answers."""

    status: str
    version: str


class DatabaseHealth(msgspec.Struct, frozen=True):
    """Each environment's database answers and has the schema of this version."""

    status: str
    databases: dict[str, str]


class Stores(msgspec.Struct, frozen=True):
    """Every store that is wanted, by id."""

    stores: list[StoreView]


class Suggestions(msgspec.Struct, frozen=True):
    """SKUs a listing may mean, the likeliest first."""

    suggestions: list[Suggestion]


class Marked(msgspec.Struct, frozen=True):
    """How many mapped listings are planned and told anew, in all and by store."""

    marked: int
    stores: dict[str, int]
    sku: str | None


class Retried(msgspec.Struct, frozen=True):
    """The listing that is read and told again."""

    listing: str
    store: str


class Repaired(msgspec.Struct, frozen=True):
    """The listing whose shop is told the right number, and the drift this closed."""

    listing: str
    store: str
    drift: str


class RuleChange(msgspec.Struct, frozen=True):
    """The rule that was set or, with a `preview`, that would be."""

    store: str
    listing: str | None
    rule: Rule
    preview: Preview | None


class TaskPage(msgspec.Struct, frozen=True):
    """Tasks, the newest first; ask again with `after` = `cursor` (null: that was all)."""

    tasks: list[TaskView]
    cursor: str | None


class AskedTask(msgspec.Struct, frozen=True):
    """A run that was asked for; `GET /tasks/{task_id}` says how far it is."""

    store: str | None
    task_id: str


class AskedTasks(msgspec.Struct, frozen=True):
    """The runs of a job that were asked for, one for each store."""

    job: str
    tasks: list[AskedTask]


class CatalogueStatus(msgspec.Struct, frozen=True):
    """A store's listings, when its catalogue was last read, and the latest run that did."""

    store: str
    counts: CatalogueCount
    catalogue_read_at: datetime | None
    task: TaskView | None


class ConfirmationRetried(msgspec.Struct, frozen=True):
    """The order that is due to be confirmed."""

    store: str
    order: str


class ClosedEntry(msgspec.Struct, frozen=True):
    """The entry of the desk that was closed, and what was done."""

    entry: str
    closed_how: str


class RakutenDebug(msgspec.Struct, frozen=True):
    """Everything that decides how a store is worked for; `keys` are masked.

    `address` is where Rakuten is called, `calls` in how many seconds each of its functions may be
    called next. `troubled_tasks` are the latest runs with errors.
    """

    store: StoreView
    address: str
    keys: dict[str, str]
    orders: CursorView | None
    calls: dict[str, float]
    troubled_tasks: list[TaskView]


ANSWERS: tuple[type, ...] = (
    StockAnswer,
    LevelView,
    LevelBatch,
    LowStock,
    ReservationPage,
    History,
    Explanation,
    Swept,
    SkuView,
    SkuPage,
    CreatedSkus,
    FeedPage,
    Stores,
    StoreView,
    ListingPage,
    ListingView,
    Suggestions,
    CatalogueStatus,
    ConnectionTest,
    RuleView,
    RuleChange,
    SyncStatus,
    Marked,
    FailedPage,
    Retried,
    PushPage,
    DriftPage,
    Repaired,
    ListingExplanation,
    TaskPage,
    TaskView,
    AskedTasks,
    OrderPage,
    OrderView,
    ConfirmationRetried,
    DeskPage,
    ClosedEntry,
    OversellReport,
    Reconciliation,
    RakutenDebug,
    Locations,
    LocationView,
    CountView,
    CountPage,
    Tokens,
    TokenView,
    Users,
    UserView,
    Reset,
    NewTokenAnswer,
    OwnerTokenAnswer,
    Me,
    AuditPage,
    Health,
    DatabaseHealth,
)

_LEVEL = {
    "sku": "ce1111",
    "original_sku": "CE1111",
    "on_hand": 47,
    "reserved": 2,
    "available": 45,
    "sellable": 45,
    "safety_stock": 0,
    "low_stock_threshold": 0,
    "is_low": False,
    "is_out": False,
    "allow_oversell": False,
    "version": 3,
    "counted_at": None,
    "locations": [{"location": "main", "on_hand": 47, "reserved": 2, "available": 45}],
}

_STORE = {
    "store": "rakuten-tokyo",
    "platform": "rakuten",
    "name": "帆布堂",
    "status": "active",
    "paused_reason": None,
    "paused_at": None,
    "paused_detail": None,
    "settings": {
        "shop_code": "hanpudo",
        "order_api_version": 7,
        "use_purchase_item_api": False,
        "poll_interval_s": 900,
        "confirm_orders": True,
        "sku_code_from": "merchant_defined_sku_id",
    },
    "has_credentials": True,
    "key_expires_at": "2027-02-19T14:59:59+00:00",
    "key_checked_at": "2026-11-22T01:30:00+00:00",
    "key_days_left": 89,
    "key_warning": "none",
    "orders_from": "2026-11-22T01:00:00+00:00",
    "catalogue_read_at": "2026-11-22T01:05:00+00:00",
    "created_at": "2026-11-22T01:00:00+00:00",
    "updated_at": "2026-11-22T01:02:00+00:00",
}
_LISTING = {
    "listing": "019ab7c81f6e7b5c9d3a2f4e6b8c0d1e",
    "store": "rakuten-tokyo",
    "item": "tote-canvas",
    "variant": "tote-BK-L",
    "sku": "bk-6001-l",
    "sku_name": "Canvas tote bag, large",
    "mapped_by": "rule",
    "name": "帆布トート",
    "image_url": "https://image.rakuten.co.jp/hanpudo/cabinet/tote/bk.jpg",
    "codes": ["BK-6001-L"],
    "is_sold": True,
    "seen_at": "2026-11-22T01:05:00+00:00",
    "missing_since": None,
    "created_at": "2026-11-22T01:05:00+00:00",
    "updated_at": "2026-11-22T01:05:00+00:00",
}

EXAMPLES: dict[type, object] = {
    StockAnswer: {
        "command_id": "0f5c3a7be1d24c0f9f0e5a4b8c7d6e5f",
        "recorded_at": "2026-11-22T01:30:00.000000+00:00",
        "reservations": [
            {
                "id": "0f5c3a7be1d24c0f9f0e5a4b8c7d6e5f-1",
                "sku": "ce1111",
                "location": "main",
                "quantity": 2,
                "shipped": 0,
                "returned": 0,
                "state": "held",
                "owner": "customer-42",
                "reference_type": "cart",
                "reference_id": "cart-7f3a",
                "expires_at": "2026-11-22T02:00:00.000000+00:00",
            }
        ],
        "levels": [{"sku": "ce1111", "on_hand": 47, "reserved": 2, "available": 45, "version": 3}],
    },
    LevelView: _LEVEL,
    StoreView: _STORE,
    ListingView: _LISTING,
    LevelBatch: {"levels": {"ce1111": _LEVEL}, "unknown": ["no-such-code"]},
}
