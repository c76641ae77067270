"""Grouping: work that arrives while a transaction runs forms the next one.

Nobody waits for a timer: a lone caller's item is run at once, and under load a batch is whatever
arrived while the last one was committing.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
AnyFuture = Future[Any] | asyncio.Future[Any]


class Stopping(Exception):
    """The group no longer takes work: the process is shutting down."""


class Grouped(Generic[Item, Result]):
    """Runs submitted items in batches on one thread of its own and answers each caller.

    `run` gets 1 … `batch_size` items in order of arrival and returns one result per item; an
    exception it returns (rather than raises) goes to that item's caller alone.
    """

    def __init__(
        self,
        name: str,
        run: Callable[[Sequence[Item]], Sequence[Result | BaseException]],
        *,
        batch_size: int = 256,
    ) -> None:
        """Start the thread."""
        self._run = run
        self._batch_size = batch_size
        self._waiting: deque[tuple[Item, AnyFuture]] = deque()
        self._wake = threading.Condition()
        self._open = True
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(self, item: Item) -> Future[Result]:
        """Queue an item from any thread; the result comes in the returned future.

        Raises:
            Stopping: after `close`.
        """
        future: Future[Result] = Future()
        self._put(item, future)
        return future

    def submit_async(self, item: Item) -> asyncio.Future[Result]:
        """Queue an item from an event loop; await the returned future.

        Raises:
            Stopping: after `close`.
        """
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._put(item, future)
        return future

    def close(self) -> None:
        """Finish what is queued, then stop the thread."""
        with self._wake:
            self._open = False
            self._wake.notify()
        self._thread.join()

    def _put(self, item: Item, future: AnyFuture) -> None:
        with self._wake:
            if not self._open:
                raise Stopping
            self._waiting.append((item, future))
            if len(self._waiting) == 1:
                self._wake.notify()

    def _take(self) -> list[tuple[Item, AnyFuture]]:
        with self._wake:
            while self._open and not self._waiting:
                self._wake.wait()
            count = min(len(self._waiting), self._batch_size)
            return [self._waiting.popleft() for _ in range(count)]

    def _work(self) -> None:
        while batch := self._take():
            items = [item for item, _ in batch]
            results: Sequence[Result | BaseException]
            try:
                results = self._run(items)
                if len(results) != len(items):
                    raise ValueError(f"{len(results)} results for {len(items)} items")
            except Exception as error:  # tidy: boundary — the thread must outlive any one batch
                results = [error] * len(items)
            _deliver([future for _, future in batch], results)


def _deliver(futures: Sequence[AnyFuture], results: Sequence[object]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[AnyFuture, object]]] = {}
    for future, result in zip(futures, results, strict=True):
        if isinstance(future, asyncio.Future):
            by_loop.setdefault(future.get_loop(), []).append((future, result))
        elif future.set_running_or_notify_cancel():  # else its caller has cancelled it
            _settle(future, result)
    for loop, pairs in by_loop.items():
        # A closed loop refuses: its callers are gone. Asking it first would not help, it may close
        # between the answer and the call.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle_all, pairs)


def _settle_all(pairs: list[tuple[AnyFuture, object]]) -> None:
    for future, result in pairs:
        if not future.done():  # the caller may have gone away and cancelled it
            _settle(future, result)


def _settle(future: AnyFuture, result: object) -> None:
    if isinstance(result, BaseException):
        future.set_exception(result)
    else:
        future.set_result(result)
