"""Waiting for work that a job does, without holding a thread meanwhile."""

import asyncio
import time

import msgspec
from starlette.concurrency import run_in_threadpool

from onhand.access.model import Accepted
from onhand.bootstrap.environment import Environment
from onhand.imports.commands.asking import AskAnswer
from onhand.imports.model.states import PENDING
from onhand.imports.queries.imports import ImportView, read_import
from onhand.jobs.imports import WORK
from onhand.jobs.queries import taken_leases
from onhand.web.import_answers import ImportAnswer

_LOOK_EVERY_S = 0.05
_LOOK_MORE_RARELY_S = 0.25
_WORKER_COMES_IN_S = 1.5  # of a process that has just started


async def settled(environment: Environment, accepted: Accepted, wait_s: float) -> ImportAnswer:
    """The import that was asked for, once the work is done or `wait_s` seconds are over.

    Where no process works on imports there is not much to wait for.
    """
    asked = msgspec.json.decode(accepted.answer, type=AskAnswer)
    began = time.monotonic()
    pause_s = _LOOK_EVERY_S
    while True:
        view, has_worker = await run_in_threadpool(_look, environment, asked.import_id)
        most_s = wait_s if has_worker else min(wait_s, _WORKER_COMES_IN_S)
        left_s = began + most_s - time.monotonic()
        if view.state not in PENDING or left_s <= 0:
            return ImportAnswer(asked.import_id, asked.is_repeat, has_worker, view)
        await asyncio.sleep(min(pause_s, left_s))
        pause_s = min(_LOOK_MORE_RARELY_S, pause_s * 1.2)


def _look(environment: Environment, import_id: str) -> tuple[ImportView, bool]:
    with environment.database.read() as connection:
        view = read_import(connection, import_id)
        held = taken_leases(connection, [WORK], now=environment.clock())
    assert view is not None  # what was just asked for is not forgotten
    return view, bool(held)
