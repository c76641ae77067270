"""Jobs that read a store's catalogue and look after its keys (C3, C4)."""

from datetime import timedelta
from functools import partial

from onhand.catalog.commands.listings import finish_catalogue, take_catalogue_page
from onhand.catalog.commands.mapping import map_by_code
from onhand.catalog.commands.stores import note_key
from onhand.channels.errors import ChannelAuthExpired
from onhand.jobs.at_shop import at_shop
from onhand.jobs.queries import last_ran
from onhand.jobs.registry import Job, JobContext, Outcome
from onhand.sync.commands.marks import mark_stale

MAP = "catalog.map"
# A SKU is dated by the clock of whoever registered it, and seen once its transaction has ended.
_CLOCKS_APART = timedelta(minutes=10)


def pull(context: JobContext) -> Outcome:
    """Read everything the shop lists; known codes are mapped at once."""
    database, store_id = context.environment.database, context.store
    began, done = context.clock(), 0
    with at_shop(context) as channel:
        for page in channel.listings():
            now = context.clock()
            with database.begin() as connection:
                taken = take_catalogue_page(
                    connection, store_id, page, now, then=partial(mark_stale, now=now)
                )
            done += len(page)
            context.task.count("new", taken.created)
            context.task.count("changed", taken.changed)
            context.task.advance(done)
            if context.task.cancelled:
                return Outcome(done=done)
    with database.begin() as connection:
        finish_catalogue(connection, store_id, began)
    return Outcome(done=done)


def map_known(context: JobContext) -> Outcome:
    """Map listings whose codes became known since this job last began."""
    database, now = context.environment.database, context.clock()
    with database.read() as connection:
        ran_at = last_ran(connection, MAP)
    since = None if ran_at is None else ran_at - _CLOCKS_APART
    mapped = map_by_code(database, since=since, now=now, then=partial(mark_stale, now=now))
    if mapped:
        context.task.count("mapped", mapped)
    return Outcome(done=mapped)


def check_keys(context: JobContext) -> Outcome:
    """Ask until when the store's keys work; that they do not is what the next poll finds out."""
    environment = context.environment
    try:
        with environment.shops.connected(context.store) as channel:
            status = channel.check()
    except ChannelAuthExpired as error:
        context.task.error(str(error))
        return Outcome()
    with environment.database.begin() as connection:
        note_key(connection, context.store, status.expires_at, now=context.clock())
    return Outcome(done=1)


JOBS = (
    Job("catalog.pull", pull, every=6 * 3600.0),
    Job(MAP, map_known, every=60.0, per_store=False, wakes=("orders.hold-mapped", "sync.read")),
    Job("stores.check-keys", check_keys, every=24 * 3600.0),
)
