"""What the interface answers, beyond the views of the rooms; schemas are made from these types."""

from datetime import datetime

import msgspec

from onhand.access.queries import AuditPage, TokenView, UserView
from onhand.catalog.queries import SkuPage, SkuView
from onhand.catalog.queries.listings import ListingPage, ListingView
from onhand.catalog.queries.stores import StoreView
from onhand.catalog.queries.suggestions import Suggestion
from onhand.imports.queries.imports import ImportView
from onhand.jobs.queries import TaskView
from onhand.orders.queries.desk import DeskPage
from onhand.orders.queries.due import CursorView
from onhand.orders.queries.orders import OrderPage, OrderView
from onhand.orders.queries.oversell import OversellReport
from onhand.orders.queries.pulse import Pulse
from onhand.orders.queries.reconcile import Reconciliation
from onhand.stock.commands.answers import StockAnswer, UndoAnswer
from onhand.stock.queries.counts import CountScanned, CountView
from onhand.stock.queries.feed import FeedPage
from onhand.stock.queries.history import EventView, Explanation
from onhand.stock.queries.holds import HoldView
from onhand.stock.queries.levels import LevelView
from onhand.stock.queries.locations import LocationView
from onhand.stock.queries.reports import Report, Totals
from onhand.stock.queries.stock_list import StockPage
from onhand.stock.queries.timeline import Timeline
from onhand.stock.queries.undo import UndoPreview
from onhand.sync.model.rules import Rule
from onhand.sync.queries.catalogue import CatalogueCount
from onhand.sync.queries.drifts import DriftPage
from onhand.sync.queries.explain import ListingExplanation
from onhand.sync.queries.failed import FailedPage
from onhand.sync.queries.pushes import PushPage
from onhand.sync.queries.rules import Preview, RuleView
from onhand.web.connections import ConnectionTest
from onhand.web.import_answers import ChangePage, ImportAnswer, ImportPage
from onhand.web.standing import SyncStatus


class LevelBatch(msgspec.Struct, frozen=True):
    """Levels by the code that was asked (normalised), and the codes nobody knows."""

    levels: dict[str, LevelView]
    unknown: list[str]


class LowStock(msgspec.Struct, frozen=True):
    """SKUs at or below their threshold, by code; ask again with `after` = `cursor`."""

    levels: list[LevelView]
    cursor: str | None


class Dashboard(msgspec.Struct, frozen=True):
    """All stock in a few numbers, and the orders of the last hours by store."""

    stock: Totals
    orders: Pulse


class ReservationPage(msgspec.Struct, frozen=True):
    """Reservations by id; ask again with `after` = `cursor` (null: that was all)."""

    reservations: list[HoldView]
    cursor: str | None


class History(msgspec.Struct, frozen=True):
    """Events of one SKU, newest first; ask again with `before` = `cursor` (null: that was all)."""

    events: list[EventView]
    cursor: int | None


class Undone(msgspec.Struct, frozen=True):
    """What was taken back or, with a `preview`, what would be."""

    undo: UndoAnswer | None
    preview: UndoPreview | None


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


class SetUpLinkAnswer(msgspec.Struct, frozen=True):
    """A link with which a person chooses a password: a path of the console, shown this once."""

    name: str
    path: str
    expires_at: datetime


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
    StockPage,
    Timeline,
    Dashboard,
    Report,
    ReservationPage,
    History,
    Explanation,
    Undone,
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
    CountScanned,
    CountPage,
    Tokens,
    TokenView,
    Users,
    UserView,
    SetUpLinkAnswer,
    Reset,
    NewTokenAnswer,
    OwnerTokenAnswer,
    Me,
    ImportAnswer,
    ImportPage,
    ImportView,
    ChangePage,
    AuditPage,
    Health,
    DatabaseHealth,
)
