"""How long an order is read again at the shop, and how often."""

from datetime import datetime, timedelta

from onhand.orders.model.sights import State

# Cancellations after shipping are rare and seldom late: look four times a day, for ten days.
SHIPPED_EVERY = timedelta(hours=6)
SHIPPED_FOR = timedelta(days=10)


def next_read(state: State, *, since: datetime, read_at: datetime) -> datetime | None:
    """From when an order in `state` since `since`, read at `read_at`, is due to be read again.

    None: never. The longer ago that is, the longer it has not been read.
    """
    if state is State.CANCELLED:
        return None
    if state is State.SHIPPED:
        again = read_at + SHIPPED_EVERY
        return again if again <= since + SHIPPED_FOR else None
    return read_at
