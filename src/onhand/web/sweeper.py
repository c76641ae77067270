"""Recording ended holds in the background; they stopped counting when their time came."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from starlette.concurrency import run_in_threadpool

from onhand.bootstrap.environment import Environment, Onhand
from onhand.db.errors import DatabaseUnavailable
from onhand.db.grouping import Stopping
from onhand.stock.model.commands import Caller, Command, ExpireHolds
from onhand.stock.model.events import Source
from onhand.stock.queries.levels import skus_with_due_holds

_MOST_SKUS = 1000  # a command
_SYSTEM = Caller("system", Source.SYSTEM)


@asynccontextmanager
async def sweeping(onhand: Onhand) -> AsyncIterator[None]:
    """Sweep both environments every SWEEP_INTERVAL_S seconds until the block ends."""
    task = asyncio.create_task(_sweep_forever(onhand))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _sweep_forever(onhand: Onhand) -> None:
    log = structlog.get_logger("onhand.sweeper")
    while True:
        await asyncio.sleep(onhand.settings.sweep_interval_s)
        for environment in onhand.environments:
            try:
                await sweep(environment)
            except DatabaseUnavailable as error:
                log.warning("cannot sweep", environment=environment.name, reason=error.reason)
            except Stopping:
                return


async def sweep(environment: Environment) -> int:
    """Record the end of every hold that is due; returns the number of SKUs that had some.

    Raises:
        DatabaseUnavailable: some may be left for the next sweep.
        Stopping: the environment is closing.
    """
    swept = 0
    while due := await run_in_threadpool(_due, environment):
        await environment.writes.submit_async(Command(_SYSTEM, ExpireHolds(tuple(due))))
        swept += len(due)
        if len(due) < _MOST_SKUS:
            break
    return swept


def _due(environment: Environment) -> list[str]:
    with environment.database.read() as connection:
        return skus_with_due_holds(connection, environment.clock(), _MOST_SKUS)
