"""Speaking to a store's shop from a job: one place that reacts to what every call may end in."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from onhand.catalog.commands.stores import pause_store
from onhand.catalog.model.stores import PauseReason
from onhand.catalog.queries.stores import read_store
from onhand.channels.errors import ChannelAuthExpired, ChannelRateLimited
from onhand.channels.port import Channel
from onhand.jobs.registry import JobContext
from onhand.sync.commands.pace import put_off


@contextmanager
def at_shop(context: JobContext) -> Iterator[Channel]:
    """A connection to the job's store.

    Keys that are refused pause this store, and only it, until a person gives new ones (Z29), unless
    that has happened meanwhile; a limit that was hit holds every process back. The error goes on
    to the runner either way.
    """
    environment, store_id = context.environment, context.store
    began = context.clock()
    try:
        with environment.shops.connected(store_id) as channel:
            yield channel
    except ChannelAuthExpired as error:
        now, detail = context.clock(), str(error)
        with environment.database.begin() as connection:
            store = read_store(connection, store_id, now=now)
            if store is not None and store.updated_at <= began:
                pause_store(connection, store_id, PauseReason.AUTH_EXPIRED, detail, now=now)
        context.task.error(detail)
        raise
    except ChannelRateLimited as error:
        if error.retry_after_s is not None:
            until = context.clock() + timedelta(seconds=error.retry_after_s)
            with environment.database.begin() as connection:
                put_off(connection, store_id, error.function, until=until)
        raise
