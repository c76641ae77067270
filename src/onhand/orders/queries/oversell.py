"""The oversell report and its post-mortem (O6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.access.model import has_control_characters
from onhand.catalog.queries import find_registered
from onhand.catalog.tables import listing
from onhand.orders.model.desk import EntryKind
from onhand.orders.model.postmortem import SaleOf, remedy
from onhand.orders.model.sights import LARGEST_UNITS
from onhand.orders.tables import channel_order, desk_entry, order_line
from onhand.sync.tables import push

_SHOWN_SALES = 20
_LOOK_BACK = timedelta(days=7)


class SaleView(msgspec.Struct, frozen=True):
    """Units of the SKU in one order: when they were sold where, and when we learned of it."""

    store: str
    order: str
    units: int
    ordered_at: datetime
    learned_at: datetime
    lag_s: float


class ToldView(msgspec.Struct, frozen=True):
    """The number a shop was last told before the sale; null where it was told none."""

    store: str
    listing: str
    told_units: int | None
    told_at: datetime | None


class OversaleView(msgspec.Struct, frozen=True):
    """Units of one SKU that an order took and that were not there.

    `sales` are the latest sales of the SKU up to the moment we learned of this one (the newest
    first, itself included), `told` what every shop was told to show. With `prevented_by_intake_s`
    (null: it would not have helped) and `prevented_by_safety_units` see `model.postmortem`.
    """

    entry: str
    sku: str
    missing_units: int
    sale: SaleView
    opened_at: datetime
    closed_at: datetime | None
    closed_how: str | None
    sales: list[SaleView]
    told: list[ToldView]
    prevented_by_intake_s: float | None
    prevented_by_safety_units: int


class OversellReport(msgspec.Struct, frozen=True):
    """Oversales, the newest first; ask again with `after` = `cursor` (None: that was all)."""

    oversales: list[OversaleView]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class OversellFilter:
    """Which oversales to show; None means any. They are dated by when we learned of them."""

    sku: str | None = None
    store: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50
    after: str | None = None


def oversell_report(connection: sa.Connection, wanted: OversellFilter) -> OversellReport:
    """Every shortfall an order brought to light, with what led to it.

    Raises:
        ValueError: `after` is not a cursor of this list, or `limit` is out of range.
    """
    if not 1 <= wanted.limit <= 1000:
        raise ValueError("the limit is 1 … 1000")
    entry, order = desk_entry.c, channel_order.c
    statement = (
        sa.select(desk_entry, order.ordered_at, order.first_seen_at)
        .join(
            channel_order,
            sa.and_(order.store_id == entry.store_id, order.order_id == entry.order_id),
        )
        .where(entry.kind == EntryKind.SHORTFALL)
        .order_by(entry.entry_id.desc())
    )
    if wanted.sku is not None:
        found = find_registered(connection, [wanted.sku])
        if not found:
            return OversellReport([], None)
        statement = statement.where(entry.subject == found[wanted.sku][0])
    if wanted.store is not None:
        if has_control_characters(wanted.store):
            return OversellReport([], None)
        statement = statement.where(entry.store_id == wanted.store)
    if wanted.since is not None:
        statement = statement.where(entry.opened_at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(entry.opened_at < wanted.until)
    if wanted.after is not None:
        if has_control_characters(wanted.after):
            raise ValueError("not a cursor of this list")
        statement = statement.where(entry.entry_id < wanted.after)
    rows = connection.execute(statement.limit(wanted.limit + 1)).all()
    page = rows[: wanted.limit]
    cursor = page[-1].entry_id if len(rows) > wanted.limit else None
    return OversellReport([_oversale(connection, row) for row in page], cursor)


def _oversale(connection: sa.Connection, row: sa.Row[Any]) -> OversaleView:
    sales = _sales(connection, row.subject, until=row.first_seen_at, around=row.ordered_at)
    missing = int(row.facts["units"])
    own = [sale for sale in sales if (sale.store, sale.order) == (row.store_id, row.order_id)]
    sale = own[0] if own else _sale(row.store_id, row.order_id, missing, row)
    cure = remedy(_of(sale), missing, map(_of, sales))
    return OversaleView(
        entry=row.entry_id,
        sku=row.subject,
        missing_units=missing,
        sale=sale,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        closed_how=row.closed_how,
        sales=sales[:_SHOWN_SALES],
        told=_told(connection, row.subject, row.ordered_at),
        prevented_by_intake_s=cure.intake_within_s,
        prevented_by_safety_units=cure.safety_units,
    )


def _sales(
    connection: sa.Connection, sku_id: str, *, until: datetime, around: datetime
) -> list[SaleView]:
    """Orders of the SKU known at `until` and placed within a week before `around` or later."""
    line, order = order_line.c, channel_order.c
    rows = connection.execute(
        sa.select(
            order.store_id,
            order.order_id,
            order.ordered_at,
            order.first_seen_at,
            sa.func.sum(line.units).label("units"),
        )
        .join(
            order_line,
            sa.and_(order.store_id == line.store_id, order.order_id == line.order_id),
        )
        .where(line.sku_id == sku_id, line.units.between(1, LARGEST_UNITS))
        .where(order.first_seen_at <= until, order.ordered_at >= around - _LOOK_BACK)
        .group_by(order.store_id, order.order_id, order.ordered_at, order.first_seen_at)
        .order_by(order.ordered_at.desc(), order.store_id, order.order_id)
    )
    return [_sale(row.store_id, row.order_id, int(row.units), row) for row in rows]


def _sale(store_id: str, order_id: str, units: int, row: Any) -> SaleView:
    lag_s = (row.first_seen_at - row.ordered_at).total_seconds()
    return SaleView(store_id, order_id, units, row.ordered_at, row.first_seen_at, lag_s)


def _of(sale: SaleView) -> SaleOf:
    return SaleOf(sale.store, sale.units, sale.ordered_at, sale.learned_at)


def _told(connection: sa.Connection, sku_id: str, moment: datetime) -> list[ToldView]:
    """What the log of pushes says each listing of the SKU was last told before `moment`."""
    listings: Sequence[Any] = connection.execute(
        sa.select(listing.c.store_id, listing.c.listing_id)
        .where(listing.c.sku_id == sku_id)
        .order_by(listing.c.store_id, listing.c.listing_id)
    ).all()
    return [
        ToldView(row.store_id, row.listing_id, *_last_told(connection, row.listing_id, moment))
        for row in listings
    ]


def _last_told(
    connection: sa.Connection, listing_id: str, moment: datetime
) -> tuple[int | None, datetime | None]:
    row = connection.execute(
        sa.select(push.c.target, push.c.settled_at)
        .where(push.c.listing_id == listing_id, push.c.settled_at <= moment)
        .where(push.c.outcome == "delivered")
        .order_by(push.c.settled_at.desc())
        .limit(1)
    ).one_or_none()
    return (None, None) if row is None else (row.target, row.settled_at)
