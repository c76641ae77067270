"""Jobs that tell shops their numbers and read them back (Y1–Y6)."""

from datetime import timedelta

from onhand.channels.errors import (
    ChannelAuthExpired,
    ChannelError,
    ChannelProtocolError,
    ChannelRateLimited,
    ChannelUnavailable,
    ListingRejected,
)
from onhand.channels.port import Channel, PushMode, StockChange
from onhand.db.errors import TransactionConflict
from onhand.jobs.at_shop import at_shop
from onhand.jobs.registry import Job, JobContext, Outcome
from onhand.sync.commands import reads
from onhand.sync.commands.claims import Claim, Terms, claim, is_due
from onhand.sync.commands.follow import follow
from onhand.sync.commands.replan import Plan, mark_changed
from onhand.sync.commands.settle import Outcome as Pushed
from onhand.sync.commands.settle import Settlement, has_overdue, recover, settle
from onhand.sync.model.fence import Waits

CHECK_EVERY = timedelta(hours=1)
_EVENTS_AT_ONCE = 1000
_WAITS = Waits()


def follow_ledger(context: JobContext) -> Outcome:
    """Mark the listings of every SKU whose stock changed."""
    followed = 0
    while not context.task.cancelled:
        try:
            events = follow(
                context.environment.database, now=context.clock(), limit=_EVENTS_AT_ONCE
            )
        except TransactionConflict:
            continue  # another process follows too
        followed += events
        if events < _EVENTS_AT_ONCE:
            break
    return Outcome(done=followed)


def push(context: JobContext) -> Outcome:
    """Tell the shop what is due, one bulk call after the other."""
    database, store_id, told = context.environment.database, context.store, 0
    with database.read() as connection:
        is_overdue = has_overdue(connection, store_id, now=context.clock())
        if not is_overdue and not is_due(connection, store_id, _WAITS, now=context.clock()):
            return Outcome()
    if is_overdue:
        recover(context.environment.ledger, store_id, now=context.clock())
    with at_shop(context) as channel:
        limits = channel.limits
        terms = Terms(rows=limits.rows_per_push, most_units=limits.most_units)
        while not context.task.cancelled:
            due = claim(database, store_id, terms, now=context.clock())
            if not due.planned:
                break
            if due.rows:
                _send(context, channel, due)
                told += len(due.rows)
                context.task.advance(told)
    return Outcome(done=told)


def _send(context: JobContext, channel: Channel, due: Claim) -> None:
    changes = [
        StockChange(row.key, PushMode(row.send.mode.value), row.send.units) for row in due.rows
    ]
    try:
        channel.push_stock(changes)
    except ChannelError as error:
        settlement = settlement_of(error)
        settle(context.environment.ledger, due, settlement, now=context.clock())
        if settlement.outcome is not Pushed.REFUSED:
            raise
    else:
        settle(context.environment.ledger, due, now=context.clock())


def settlement_of(error: ChannelError) -> Settlement:
    """What a push that ended in this error means for its listings."""
    match error:
        case ListingRejected():
            return Settlement(Pushed.REFUSED, str(error), row=error.row)
        case ChannelRateLimited():
            wait_s = error.retry_after_s or 1.0
            return Settlement(Pushed.NOT_SENT, str(error), retry_after_s=wait_s, is_failure=False)
        case ChannelAuthExpired():
            return Settlement(Pushed.NOT_SENT, str(error), retry_after_s=0.0)
        case ChannelUnavailable(maybe_done=False):
            return Settlement(Pushed.NOT_SENT, str(error), retry_after_s=error.retry_after_s)
        case ChannelUnavailable() | ChannelProtocolError():
            return Settlement(Pushed.UNKNOWN, str(error))
    raise error


def read_doubtful(context: JobContext) -> Outcome:
    """Read the listings that nothing may be raised for until they are read."""
    done = 0
    if not _in_doubt(context, 1):
        return Outcome()
    with at_shop(context) as channel:
        while not context.task.cancelled:
            rows = _in_doubt(context, channel.limits.rows_per_read)
            if not rows:
                break
            _read(context, channel, rows)
            done += len(rows)
    return Outcome(done=done)


def _in_doubt(context: JobContext, limit: int) -> list[reads.ReadRow]:
    with context.environment.database.read() as connection:
        return reads.in_doubt(connection, context.store, now=context.clock(), limit=limit)


def check(context: JobContext) -> Outcome:
    """Compare what the shop shows with what we believe, the longest unchecked first (Y6)."""
    differing = 0
    with at_shop(context) as channel:
        while not context.task.cancelled:
            with context.environment.database.read() as connection:
                rows = reads.unchecked(
                    connection,
                    context.store,
                    before=context.clock() - CHECK_EVERY,
                    limit=channel.limits.rows_per_read,
                )
            if not rows:
                break
            differing += _read(context, channel, rows)
    return Outcome(done=differing)


def replan(context: JobContext) -> Outcome:
    """Mark listings whose number no longer follows from stock and rules, whatever changed it."""
    with at_shop(context) as channel:
        plan = Plan(context.store, channel.limits.most_units)
    return Outcome(done=mark_changed(context.environment.database, plan, now=context.clock()))


def _read(context: JobContext, channel: Channel, rows: list[reads.ReadRow]) -> int:
    reading = channel.read_stock([row.key for row in rows])
    return reads.settle_reading(context.environment.database, context.store, rows, reading)


_PUSH = ("sync.push",)
JOBS = (
    Job("sync.follow", follow_ledger, every=1.0, per_store=False, wakes=_PUSH, follows_ledger=True),
    Job("sync.push", push, every=1.0),
    Job("sync.read", read_doubtful, every=2.0, wakes=_PUSH),
    Job("sync.check", check, every=300.0, wakes=_PUSH),
    Job("sync.replan", replan, every=900.0, wakes=_PUSH),
)
