"""Rows of an export, page by page: a page is in memory at once, whatever the whole may be."""

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from onhand.imports.model.exports import (
    EventsWanted,
    LevelsWanted,
    ListingsWanted,
    OrdersWanted,
    Page,
    Wanted,
)
from onhand.imports.queries.exports.events import event_pages
from onhand.imports.queries.exports.levels import level_pages
from onhand.imports.queries.exports.listings import listing_pages
from onhand.imports.queries.exports.orders import order_pages


def pages(connection: sa.Connection, wanted: Wanted, *, now: datetime) -> Iterator[Page]:
    """The rows wanted, columns as in `headings`; the connection must keep to one moment.

    `now` decides which holds have ended.
    """
    match wanted:
        case LevelsWanted():
            return level_pages(connection, wanted, now=now)
        case EventsWanted():
            return event_pages(connection, wanted)
        case ListingsWanted():
            return listing_pages(connection, wanted)
        case OrdersWanted():
            return order_pages(connection, wanted)
