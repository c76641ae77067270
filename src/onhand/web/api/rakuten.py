"""Rakuten's shops: their keys tried, their orders polled at once, and a look inside."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from onhand.access.model import Right
from onhand.access.secrets import SecretsUnreadable
from onhand.bootstrap.environment import Environment
from onhand.bootstrap.shops import UnknownStore
from onhand.catalog.model.stores import normalise_store
from onhand.catalog.queries.stores import read_credentials, read_store
from onhand.jobs.commands.asking import ask_for
from onhand.jobs.queries import TaskFilter, list_tasks
from onhand.orders.queries.due import read_cursor
from onhand.sync.queries.status import read_calls
from onhand.web.answers import AskedTasks, RakutenDebug
from onhand.web.api.stores import unknown_store
from onhand.web.bodies import example
from onhand.web.connections import ConnectionTest, try_keys
from onhand.web.fields import StoreId
from onhand.web.operation import operation, operations
from onhand.web.paths import PathStore
from onhand.web.visits import Visitor, Writer, answered, shown

router = operations("/rakuten", tag="rakuten")

POLL = "orders.poll"
_LOOKED_AT = 200  # tasks of the store, the newest
_SHOWN = 20  # of them, those that complained
_MASK = "••••"


class AuthSearch(BaseModel):
    """Whose keys to try."""

    model_config = ConfigDict(extra="forbid")
    store: StoreId


class PollBody(BaseModel):
    """Which store to poll; without one every active store."""

    model_config = example(store="rakuten-tokyo")
    store: StoreId | None = None


_EVERY_STORE = PollBody()


@router.get("/auth-test", **operation(Right.OPERATE, ConnectionTest, "unknown_store"))
def test_keys(visit: Visitor, wanted: Annotated[AuthSearch, Query()]) -> Response:
    """Try a store's keys at Rakuten; nothing is noted.

    The answer is 200 also where they do not work: `trouble` and `reason` say why.
    """
    store = normalise_store(wanted.store)
    try:
        return shown(try_keys(visit.environment, store))
    except UnknownStore as error:
        raise unknown_store(store) from error


@router.post(
    "/manual-poll",
    **operation(Right.OPERATE, AskedTasks, "unknown_store", "store_inactive", status=202),
)
def poll_orders(writer: Writer, body: PollBody = _EVERY_STORE) -> Response:
    """Look for new orders now; the tasks say what was found."""
    store = None if body.store is None else normalise_store(body.store)
    database = writer.visit.environment.database
    return answered(ask_for(database, writer.asked(), POLL, store_id=store), status=202)


@router.get("/debug/{store}", **operation(Right.ADMINISTER, RakutenDebug, "unknown_store"))
def debug_store(visit: Visitor, store: PathStore) -> Response:
    """A store with everything that decides how it is worked for; keys are masked."""
    environment = visit.environment
    now = environment.clock()
    with environment.database.snapshot() as connection:
        known = read_store(connection, store, now=now)
        if known is None:
            raise unknown_store(store)
        cursor = read_cursor(connection, known.store)
        calls = read_calls(connection, now=now).get(known.store, {})
        tasks = list_tasks(connection, TaskFilter(store_id=known.store, limit=_LOOKED_AT))
    return shown(
        RakutenDebug(
            store=known,
            address=environment.shops.wiring.rakuten_url,
            keys=_masked_keys(environment, known.store),
            orders=cursor,
            calls=calls,
            troubled_tasks=[task for task in tasks if task.errors][:_SHOWN],
        )
    )


def _masked_keys(environment: Environment, store_id: str) -> dict[str, str]:
    """What kind of key each is and how long, no more."""
    try:
        with environment.database.read() as connection:
            keys = read_credentials(connection, store_id, environment.vault)
    except SecretsUnreadable as error:
        return {"unreadable": str(error)}
    return {name: f"{_MASK} ({len(key)} characters)" for name, key in (keys or {}).items()}
