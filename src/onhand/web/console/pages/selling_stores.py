"""Stores: their state, keys, settings and catalogue; made, paused, given up."""

from datetime import UTC, date, datetime, time
from functools import partial
from typing import Literal

from pydantic import Field
from starlette.responses import Response

from onhand.access.model import Accepted, Refusal, Right
from onhand.catalog.commands.stores import (
    create_store,
    deactivate_store,
    note_key,
    set_credentials,
    update_store,
)
from onhand.catalog.model.skus import LONGEST_NAME
from onhand.catalog.model.stores import (
    SETTING_RANGES,
    NewKeys,
    NewStore,
    SkuCodeFrom,
    StoreChange,
    StoreStatus,
    normalise_store,
)
from onhand.catalog.queries.stores import StoreView, list_stores, read_store
from onhand.jobs.commands.asking import ask_for
from onhand.jobs.queries import TaskFilter, list_tasks
from onhand.orders.queries.due import read_cursor
from onhand.sync.queries.catalogue import count_catalogue
from onhand.sync.queries.rules import read_rule
from onhand.sync.queries.status import read_status
from onhand.web.api.shops import PULL
from onhand.web.connections import ConnectionTest, try_keys
from onhand.web.console.forms import Entered, Form
from onhand.web.console.languages import mark
from onhand.web.console.navigation import Entry
from onhand.web.console.pages.selling_shown import known
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit, part

pages = Pages(Entry(label=mark("Stores"), icon="building-store", path="/stores", order=55, key="t"))
_INTERVALS = SETTING_RANGES["poll_interval_s"]
_TARGETS = SETTING_RANGES["freshness_target_s"]
_TASKS = 5


class NewStoreForm(Form):
    """A store to be made known, with its keys if they are at hand."""

    store: str = Field(min_length=1, max_length=40)
    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    shop_code: str = Field("", max_length=40)
    orders_from: date | None = None
    service_secret: str = ""
    license_key: str = ""


class SettingsForm(Form):
    """A store's name and settings."""

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    shop_code: str = Field("", max_length=40)
    poll_interval_s: int = Field(ge=_INTERVALS[0], le=_INTERVALS[1])
    freshness_target_s: int = Field(ge=_TARGETS[0], le=_TARGETS[1])
    confirm_orders: bool = False
    use_purchase_item_api: bool = False
    sku_code_from: SkuCodeFrom


class KeysForm(Form):
    """A store's keys."""

    service_secret: str = Field(min_length=1)
    license_key: str = Field(min_length=1)


class StatusForm(Form):
    """What a store shall be."""

    status: Literal["active", "paused"]


@pages.get("/stores", Right.READ)
def show_stores(visit: Visit) -> Response:
    """Every store, what waits there, and when its keys end."""
    with visit.environment.database.snapshot() as connection:
        stores = list_stores(connection, now=visit.now)
        standing = {one.store: one for one in read_status(connection, now=visit.now)}
    dated = [store for store in stores if store.key_expires_at is not None]
    calendar = sorted(dated, key=lambda store: store.key_expires_at or visit.now)
    return visit.page("selling/stores.html", stores=stores, standing=standing, calendar=calendar)


@pages.get("/stores/new", Right.ADMINISTER)
def show_new_store(visit: Visit) -> Response:
    """The form for a new store."""
    return visit.page("selling/new_store.html", form=Entered(), refusal="")


@pages.post("/stores/new", Right.ADMINISTER)
def add_store(visit: Visit) -> Response:
    """Make a store known, and keep its keys if they were given."""
    form = visit.read(NewStoreForm)
    if isinstance(form, Entered):
        shown = Entered(_without_keys(form.values), form.errors)
        return visit.page("selling/new_store.html", status=422, form=shown, refusal="")
    settings = {"shop_code": form.shop_code}
    since = None
    if form.orders_from is not None:
        since = datetime.combine(form.orders_from, time(), visit.reader.zone).astimezone(UTC)
    new = NewStore(form.store, form.name, settings=settings, orders_from=since)
    result = create_store(visit.environment.database, visit.asked(), new)
    if isinstance(result, Refusal):
        shown = Entered(_without_keys(form.model_dump()))
        return visit.page(
            "selling/new_store.html", status=409, form=shown, refusal=visit.why(result)
        )
    store_id = normalise_store(form.store)
    if form.service_secret or form.license_key:
        kept = _keep_keys(visit, store_id, form)
        if isinstance(kept, Refusal):
            visit.say(visit.why(kept), tone="danger")
    visit.say(visit.text(mark("Store %(name)s was made."), name=form.name))
    return visit.go(visit.url(f"/stores/{part(store_id)}"))


@pages.get("/stores/{store}", Right.READ)
def show_store(visit: Visit) -> Response:
    """One store."""
    return _show(visit)


@pages.post("/stores/{store}/settings", Right.OPERATE)
def change_settings(visit: Visit) -> Response:
    """Another name, other settings."""
    form = visit.read(SettingsForm)
    if isinstance(form, Entered):
        return _show(visit, settings=form)
    given = form.model_dump(exclude={"name"})
    change = StoreChange(visit.path("store"), form.name, given)
    result = update_store(visit.environment.database, visit.asked(), change)
    if isinstance(result, Refusal):
        return _show(visit, settings=Entered(form.model_dump()), refusal=visit.why(result))
    return _done(visit, visit.text(mark("The store was changed.")))


@pages.post("/stores/{store}/status", Right.OPERATE)
def pause_or_resume(visit: Visit) -> Response:
    """Stop all work for a store, or let it go on."""
    form = visit.read(StatusForm)
    if isinstance(form, Entered):
        return _show(visit)
    change = StoreChange(visit.path("store"), status=StoreStatus(form.status))
    result = update_store(visit.environment.database, visit.asked(), change)
    if isinstance(result, Refusal):
        return _show(visit, refusal=visit.why(result))
    if form.status == "paused":
        return _done(visit, visit.text(mark("The store is paused: its shop is left alone.")))
    return _done(visit, visit.text(mark("The store goes on; what waited is told to its shop.")))


@pages.post("/stores/{store}/deactivate", Right.ADMINISTER)
def give_up(visit: Visit) -> Response:
    """Give a store up; what it sold stays."""
    result = deactivate_store(visit.environment.database, visit.asked(), visit.path("store"))
    if isinstance(result, Refusal):
        return _show(visit, refusal=visit.why(result))
    return _done(visit, visit.text(mark("The store is inactive. Its orders and listings stay.")))


@pages.post("/stores/{store}/keys", Right.ADMINISTER)
def change_keys(visit: Visit) -> Response:
    """Other keys; they are never shown again."""
    form = visit.read(KeysForm)
    if isinstance(form, Entered):
        return _show(visit, keys=Entered(errors=form.errors))
    result = _keep_keys(visit, visit.path("store"), form)
    if isinstance(result, Refusal):
        return _show(visit, refusal=visit.why(result))
    return _done(visit, visit.text(mark("The keys were stored. Try the connection now.")))


@pages.post("/stores/{store}/test", Right.OPERATE)
def test_connection(visit: Visit) -> Response:
    """Try the keys at the shop."""
    environment, store_id = visit.environment, visit.path("store")
    with environment.database.read() as connection:
        store = known(visit, read_store(connection, store_id, now=visit.now))
    tested = try_keys(environment, store.store)
    if tested.works:
        with environment.database.begin() as connection:
            note_key(connection, store.store, tested.expires_at, now=tested.tested_at)
    return _show(visit, tested=tested)


@pages.post("/stores/{store}/pull", Right.OPERATE)
def pull(visit: Visit) -> Response:
    """Have the store's catalogue read anew."""
    store_id = visit.path("store")
    result = ask_for(visit.environment.database, visit.asked(), PULL, store_id=store_id)
    if isinstance(result, Refusal):
        return _show(visit, refusal=visit.why(result))
    return _done(visit, visit.text(mark("The catalogue is being read; below you see how far.")))


def _keep_keys(visit: Visit, store_id: str, form: NewStoreForm | KeysForm) -> Accepted | Refusal:
    keys = {"service_secret": form.service_secret, "license_key": form.license_key}
    environment = visit.environment
    # A key of its own: the store may have been made under the form's.
    asked = visit.asked(part="keys")
    given = NewKeys(store_id, keys)
    return set_credentials(environment.database, asked, given, vault=environment.vault)


def _without_keys(values: object) -> dict[str, object]:
    kept = dict(values) if isinstance(values, dict) else {}
    return {name: v for name, v in kept.items() if name not in {"service_secret", "license_key"}}


def _done(visit: Visit, text: str) -> Response:
    return visit.done(text, to=f"/stores/{part(visit.path('store'))}")


def _entered(store: StoreView) -> Entered:
    settings = store.settings
    return Entered(
        {
            "name": store.name,
            "shop_code": settings.shop_code,
            "poll_interval_s": settings.poll_interval_s,
            "freshness_target_s": settings.freshness_target_s,
            "confirm_orders": settings.confirm_orders,
            "use_purchase_item_api": settings.use_purchase_item_api,
            "sku_code_from": settings.sku_code_from.value,
        }
    )


def _show(
    visit: Visit,
    *,
    settings: Entered | None = None,
    keys: Entered | None = None,
    tested: ConnectionTest | None = None,
    refusal: str = "",
) -> Response:
    now = visit.now
    with visit.environment.database.snapshot() as connection:
        store = known(visit, read_store(connection, visit.path("store"), now=now))
        counts = count_catalogue(connection, store.store)
        standing = next(s for s in read_status(connection, now=now) if s.store == store.store)
        polled = read_cursor(connection, store.store)
        rule = read_rule(connection, store.store).rule
        find = partial(list_tasks, connection)
        tasks = find(TaskFilter(store_id=store.store, limit=_TASKS))
    wrong = any(form is not None and form.errors for form in (settings, keys))
    return visit.page(
        "selling/store.html",
        status=409 if refusal else 422 if wrong else 200,
        store=store,
        counts=counts,
        standing=standing,
        polled=polled,
        rule=rule,
        tasks=tasks,
        form=settings or _entered(store),
        keys=keys or Entered(),
        tested=tested,
        refusal=refusal,
        code_fields=[choice.value for choice in SkuCodeFrom],
    )
