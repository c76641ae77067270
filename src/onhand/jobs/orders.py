"""Jobs that take orders in and confirm them (O1–O4)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from onhand.catalog.queries.stores import StoreView, read_store
from onhand.channels.errors import ChannelError, ChannelUnavailable
from onhand.channels.port import ChannelOrder
from onhand.jobs.at_shop import at_shop
from onhand.jobs.registry import Job, JobContext, Outcome, StoreSettings
from onhand.orders.commands import (
    close_settled,
    confirmation_failed,
    move_cursor,
    poll_failed,
    retry_unmapped,
    seen,
    settle_confirmations,
    take_in,
)
from onhand.orders.queries.due import due_confirmations, open_orders, read_cursor
from onhand.sync.model.fence import Waits
from onhand.sync.queries.waiting import orders_awaited_until

# An order may show up in the shop's search some time after it was placed.
OVERLAP = timedelta(minutes=10)
# After a long pause the cursor moves this far at a time, so that a crash repeats little.
LONGEST_WINDOW = timedelta(days=1)
_REREAD_AT_ONCE = 100
_AT_ONCE = 50
_WAITS = Waits()
# How long a poll that numbers wait for leaves the shop's search to catch up with its orders.
SEARCH_LAG = timedelta(seconds=30)
# Polls out of turn come no closer together than this, whatever waits and however they end.
BETWEEN_POLLS = timedelta(seconds=30)


def poll(context: JobContext) -> Outcome:
    """Take in what was placed since the last poll, window by window."""
    store = _store(context)
    database = context.environment.database
    with database.read() as connection:
        cursor = read_cursor(connection, store.store)
    since = store.orders_from
    if cursor is not None and cursor.taken_in_until is not None:
        since = max(since, cursor.taken_in_until)
    end, changed = context.clock(), 0
    try:
        while True:
            until = min(end, since + LONGEST_WINDOW)
            changed += _take_window(context, store, (since - OVERLAP, until))
            move_cursor(database, store.store, until, now=context.clock())
            if until >= end or context.task.cancelled:
                break
            since = until
    except ChannelError as error:
        poll_failed(database, store.store, str(error), now=context.clock())
        raise
    return Outcome(done=changed)


def catch_up(context: JobContext) -> Outcome:
    """Poll early where numbers wait for orders before they may be raised (ADR 0013).

    `done` is 1 when it polled.
    """
    with context.environment.database.read() as connection:
        awaited = orders_awaited_until(connection, context.store, _WAITS)
        if awaited is None:
            return Outcome()
        cursor = read_cursor(connection, context.store)
    polled = [] if cursor is None else [cursor.polled_at, cursor.failed_at]
    earliest = [moment + BETWEEN_POLLS for moment in polled if moment is not None]
    wait = max([awaited + SEARCH_LAG, *earliest]) - context.clock()
    if wait > timedelta(0):
        return Outcome(again_in_s=wait.total_seconds())
    poll(context)
    return Outcome(done=1)


def _take_window(context: JobContext, store: StoreView, window: tuple[datetime, datetime]) -> int:
    changed = 0
    with at_shop(context) as channel:
        for page in channel.placed_orders(max(window[0], store.orders_from), window[1]):
            changed += _take_in(context, store, page)
    return changed


def reread(context: JobContext) -> Outcome:
    """Read open orders again: buyers change and cancel, and a poll by order date misses it."""
    store, database = _store(context), context.environment.database
    began, changed = context.clock(), 0
    with at_shop(context) as channel:
        while not context.task.cancelled:
            with database.read() as connection:
                due = open_orders(connection, store.store, now=began, limit=_REREAD_AT_ONCE)
            if not due:
                break
            asked, read_at = [order.order_id for order in due], context.clock()
            found = channel.read_orders(asked)
            news = seen(database, store.store, found, asked=asked, read_at=read_at)
            changed += _take_in(context, store, news)
    return Outcome(done=changed)


def confirm(context: JobContext) -> Outcome:
    """Confirm new orders at the shop; a failure is tried again a few times (O4)."""
    store, database = _store(context), context.environment.database
    with database.read() as connection:
        due = due_confirmations(connection, store.store, now=context.clock(), limit=_REREAD_AT_ONCE)
    if not due:
        return Outcome()
    try:
        with at_shop(context) as channel:
            results = channel.confirm_orders(due)
    except ChannelError as error:
        if not isinstance(error, ChannelUnavailable) or error.maybe_done:
            confirmation_failed(database, store.store, due, str(error), now=context.clock())
        raise
    settle_confirmations(database, store.store, results, now=context.clock())
    return Outcome(done=len(due), again_in_s=0.0 if len(due) == _REREAD_AT_ONCE else None)


def hold_mapped(context: JobContext) -> Outcome:
    """Hold what waited on the desk for its listing to be mapped."""
    done = retry_unmapped(
        context.environment.ledger, context.store, now=context.clock(), limit=_AT_ONCE
    )
    return Outcome(len(done), again_in_s=0.0 if len(done) == _AT_ONCE else None)


def clear_desk(context: JobContext) -> Outcome:
    """Close the entries of the desk whose cause the ledger has done away with."""
    closed = close_settled(context.environment.database, now=context.clock(), limit=_AT_ONCE)
    return Outcome(closed, again_in_s=0.0 if closed == _AT_ONCE else None)


def _take_in(context: JobContext, store: StoreView, orders: Iterable[ChannelOrder]) -> int:
    changed = 0
    for order in orders:
        taken = take_in(
            context.environment.ledger,
            store.store,
            order,
            now=context.clock(),
            confirm=store.settings.confirm_orders,
        )
        changed += taken.changed or taken.is_new
        context.task.count("orders", int(taken.is_new))
        context.task.count("shortfalls", len(taken.shortfall))
        context.task.advance(changed)
    return changed


def _store(context: JobContext) -> StoreView:
    with context.environment.database.read() as connection:
        store = read_store(connection, context.store, now=context.clock())
    assert store is not None
    return store


def _poll_every_s(settings: StoreSettings) -> float:
    return float(settings["poll_interval_s"])


_FOLLOW = ("sync.follow",)
JOBS = (
    Job("orders.poll", poll, every=_poll_every_s, wakes=_FOLLOW),
    Job("orders.catch-up", catch_up, every=5.0, wakes=(*_FOLLOW, "sync.push")),
    Job("orders.confirm", confirm, every=2.0),
    Job("orders.reread", reread, every=_poll_every_s, wakes=_FOLLOW),
    Job("orders.hold-mapped", hold_mapped, every=15.0, wakes=_FOLLOW),
    Job("orders.clear-desk", clear_desk, every=30.0, per_store=False),
)
