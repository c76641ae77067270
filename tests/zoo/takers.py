"""Processes that take in one order each at the same instant."""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier

from onhand.channels.port import ChannelOrder
from onhand.db.database import Database
from onhand.orders.commands import TakenIn, take_in
from onhand.stock.commands import Ledger
from onhand.stock.model.commands import Policy
from tests.orders.market import STORE
from tests.shop import START

SIZE = 5
LIMIT_S = 60.0
_start: Barrier | None = None  # in a worker process: where all set out from


@dataclass(frozen=True)
class Delivery:
    """An order for the ledger of a database."""

    url: str
    schema: str | None
    order: ChannelOrder


class TakerProcesses:
    """SIZE processes that set out at the same instant."""

    def __init__(self, processes: ProcessPoolExecutor) -> None:
        """Use a pool of SIZE processes that know where to set out from."""
        self._processes = processes

    def run(self, database: Database, orders: Sequence[ChannelOrder]) -> list[TakenIn]:
        """What became of each order."""
        assert len(orders) == SIZE
        url = database.url.render_as_string(hide_password=False)
        jobs = [Delivery(url, database.schema, order) for order in orders]
        futures = [self._processes.submit(_deliver, job) for job in jobs]
        return [future.result(LIMIT_S) for future in futures]


@contextmanager
def taker_processes() -> Iterator[TakerProcesses]:
    """Worker processes until the block ends."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])  # imported once, not by every worker
    start = context.Barrier(SIZE)
    with ProcessPoolExecutor(SIZE, context, initializer=_set_start, initargs=(start,)) as pool:
        yield TakerProcesses(pool)


def _set_start(start: Barrier) -> None:
    global _start  # noqa: PLW0603 — a barrier reaches a process only when it is made
    _start = start


def _deliver(job: Delivery) -> TakenIn:
    assert _start is not None
    database = Database(job.url, schema=job.schema)
    try:
        ledger = Ledger(database, clock=lambda: START, policy=Policy())
        with database.read():  # connected before the start
            pass
        _start.wait(LIMIT_S)
        return take_in(ledger, STORE, job.order, now=START)
    finally:
        database.dispose()
