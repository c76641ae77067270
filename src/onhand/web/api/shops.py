"""Stores at work: their catalogue read anew, their connection tried."""

from starlette.responses import Response

from onhand.access.model import Right
from onhand.bootstrap.shops import UnknownStore
from onhand.catalog.commands.stores import note_key
from onhand.catalog.queries.stores import read_store
from onhand.jobs.commands.asking import ask_for
from onhand.jobs.queries import TaskFilter, list_tasks
from onhand.sync.queries.catalogue import count_catalogue
from onhand.web.answers import AskedTasks, CatalogueStatus
from onhand.web.api.stores import unknown_store
from onhand.web.connections import ConnectionTest, try_keys
from onhand.web.operation import operation, operations
from onhand.web.paths import PathStore
from onhand.web.visits import Visitor, Writer, answered, shown

router = operations("/stores", tag="stores")

PULL = "catalog.pull"


@router.post(
    "/{store}/sync-skus",
    **operation(Right.OPERATE, AskedTasks, "unknown_store", "store_inactive", status=202),
)
def pull_catalogue(writer: Writer, store: PathStore) -> Response:
    """Have a store's catalogue read anew; known codes are mapped at once.

    The task says how far it is. While the same waits to begin, it is given instead of another.
    """
    database = writer.visit.environment.database
    return answered(ask_for(database, writer.asked(), PULL, store_id=store), status=202)


@router.get("/{store}/sku-sync-status", **operation(Right.READ, CatalogueStatus, "unknown_store"))
def show_catalogue_status(visit: Visitor, store: PathStore) -> Response:
    """How far a store's catalogue is known, and the latest run that read it."""
    environment = visit.environment
    with environment.database.read() as connection:
        known = read_store(connection, store, now=environment.clock())
        if known is None:
            raise unknown_store(store)
        counts = count_catalogue(connection, known.store)
        found = list_tasks(connection, TaskFilter(job=PULL, store_id=known.store, limit=1))
    task = found[0] if found else None
    return shown(CatalogueStatus(known.store, counts, known.catalogue_read_at, task))


@router.post(
    "/{store}/test-connection", **operation(Right.OPERATE, ConnectionTest, "unknown_store")
)
def test_connection(visit: Visitor, store: PathStore) -> Response:
    """Try a store's keys at its shop.

    The answer is 200 also where they do not work: `trouble` and `reason` say why.
    """
    environment = visit.environment
    try:
        tested = try_keys(environment, store)
    except UnknownStore as error:
        raise unknown_store(store) from error
    if tested.works:
        with environment.database.begin() as connection:
            note_key(connection, store, tested.expires_at, now=tested.tested_at)
    return shown(tested)
