"""What sells and what does not: turnover, top movers, slow and dead stock."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from onhand.catalog.tables import sku
from onhand.stock.model.events import Kind
from onhand.stock.queries.reports.period import Cell, Period, Report, Wanted, ratio, report_of
from onhand.stock.queries.reports.visible import MOVING_KINDS, sum_visible
from onhand.stock.tables import ledger_head, stock_event

_DAY = timedelta(days=1)
_SLOW_DAYS = 180  # stock that lasts longer at the period's pace moves slowly
_DEAD = "dead"
_SLOW = "slow"
_EVENT = stock_event.c
_HEAD = ledger_head.c
_SOLD = (Kind.SHIPPED, Kind.RETURNED)


def _is_current() -> sa.ColumnElement[bool]:
    """An event of a registered SKU's present life."""
    return sa.and_(
        _HEAD.sku_id == _EVENT.sku_id, _HEAD.generation == _EVENT.generation, _HEAD.registered
    )


def _sold_units(period: Period) -> tuple[sa.ColumnElement[int], sa.ColumnElement[int]]:
    """Sums over events: units shipped and units returned in a period."""

    def units(kind: Kind, sign: int) -> sa.ColumnElement[int]:
        during = sa.and_(_EVENT.happened_at >= period.begins, _EVENT.happened_at < period.until)
        which = sa.and_(_EVENT.kind == kind, during)
        return sa.func.coalesce(sa.func.sum(_EVENT.on_hand_change * sign).filter(which), 0)

    return units(Kind.SHIPPED, -1), units(Kind.RETURNED, 1)


def _most_sold(period: Period, limit: int) -> sa.Select[Any]:
    """The SKUs that sold the most, with what was shipped and returned."""
    shipped, returned = _sold_units(period)
    sold = (
        sa.select(
            _EVENT.sku_id,
            _EVENT.generation,
            shipped.label("shipped"),
            returned.label("returned"),
        )
        .where(_EVENT.kind.in_(_SOLD), _EVENT.happened_at >= period.begins)
        .where(_EVENT.happened_at < period.until)
        .group_by(_EVENT.sku_id, _EVENT.generation)
        .subquery("sold")
    )
    net = sold.c.shipped - sold.c.returned
    of_head = sa.and_(_HEAD.sku_id == sold.c.sku_id, _HEAD.generation == sold.c.generation)
    # Names are looked up for the few that are left.
    most = (
        sa.select(sold, net.label("net"), _HEAD.on_hand)
        .join(ledger_head, of_head)
        .where(_HEAD.registered)
        .order_by(net.desc(), sold.c.sku_id)
        .limit(limit)
        .subquery("most")
    )
    return (
        sa.select(most, sku.c.name)
        .join(sku, sku.c.sku_id == most.c.sku_id)
        .order_by(most.c.net.desc(), most.c.sku_id)
    )


def top_movers(connection: sa.Connection, wanted: Wanted) -> Report:
    """SKUs by units shipped less units returned, beside the span of the same length before."""
    period = wanted.period
    found = connection.execute(_most_sold(period, wanted.limit + 1)).all()
    shown = found[: wanted.limit]
    before = period.begins if period.since is None else period.begins - period.span
    spans = [_EVENT.happened_at >= before, _EVENT.happened_at < period.begins]
    earlier = _net_by_sku(connection, [row.sku_id for row in shown], spans)
    rows = [
        {
            "sku": row.sku_id,
            "name": row.name,
            **_moved((row.shipped, row.returned, earlier.get(row.sku_id, 0))),
        }
        for row in shown
    ]
    sold_before = sa.and_(_EVENT.kind.in_(_SOLD), _EVENT.happened_at < period.begins)
    sums = (*_sold_units(period), -sa.func.sum(_EVENT.on_hand_change).filter(sold_before))
    totals = sum_visible(connection, sums, [_EVENT.kind.in_(_SOLD), _EVENT.happened_at >= before])
    return report_of("top_movers", wanted, rows, _moved(totals), cut_from=found)


def _net_by_sku(
    connection: sa.Connection,
    sku_ids: Sequence[str],
    happened: Sequence[sa.ColumnElement[bool]],
) -> dict[str, int]:
    """Units shipped less units returned of some SKUs' present lives."""
    statement = (
        sa.select(_EVENT.sku_id, -sa.func.sum(_EVENT.on_hand_change))
        .join(ledger_head, _is_current())
        .where(_EVENT.sku_id.in_(sku_ids), _EVENT.kind.in_(_SOLD), *happened)
        .group_by(_EVENT.sku_id)
    )
    return {sku_id: int(units) for sku_id, units in connection.execute(statement)}


def _moved(units: Sequence[int]) -> dict[str, Cell]:
    """Units shipped, returned, and net in the span before."""
    shipped, returned, previous = map(int, units)
    net = shipped - returned
    return {
        "shipped": shipped,
        "returned": returned,
        "net": net,
        "previous_net": previous,
        "change": net - previous,
    }


def turnover(connection: sa.Connection, wanted: Wanted) -> Report:
    """How often stock was sold over: net units shipped by the average of units on hand."""
    period = wanted.period
    found = connection.execute(_most_sold(period, wanted.limit + 1)).all()
    shown = found[: wanted.limit]
    changes = _changes_by_sku(connection, [row.sku_id for row in shown], period)
    rows: list[Mapping[str, Cell]] = []
    for row in shown:
        during, later = changes.get(row.sku_id, (0, 0))
        closing = row.on_hand - later
        net = int(row.shipped - row.returned)
        turned = _turned(period, net=net, opening=closing - during, closing=closing)
        rows.append({"sku": row.sku_id, "name": row.name, **turned})
    on_hand = connection.execute(sa.select(sa.func.sum(_HEAD.on_hand))).scalar()
    sums = (*_changes(period), *_sold_units(period))
    during, later, shipped, returned = sum_visible(
        connection, sums, [_EVENT.happened_at >= period.begins]
    )
    closing = int(on_hand or 0) - later
    net = shipped - returned
    totals = _turned(period, net=net, opening=closing - during, closing=closing)
    return report_of("turnover", wanted, rows, totals, cut_from=found)


def _changes(period: Period) -> tuple[sa.ColumnElement[int], sa.ColumnElement[int]]:
    """Sums over events since the period began: changes during it, and after it."""
    change = sa.func.sum(_EVENT.on_hand_change)
    return (
        sa.func.coalesce(change.filter(_EVENT.happened_at < period.until), 0),
        sa.func.coalesce(change.filter(_EVENT.happened_at >= period.until), 0),
    )


def _turned(period: Period, *, net: int, opening: int, closing: int) -> dict[str, Cell]:
    average = (opening + closing) / 2
    days = period.span / _DAY
    return {
        "net_shipped": net,
        "opening_on_hand": opening,
        "closing_on_hand": closing,
        "average_on_hand": average,
        "turnover": ratio(net, average, digits=3),
        "days_of_stock": ratio(closing * days, net, digits=1),
    }


def _changes_by_sku(
    connection: sa.Connection, sku_ids: Sequence[str], period: Period
) -> dict[str, tuple[int, int]]:
    statement = (
        sa.select(_EVENT.sku_id, *_changes(period))
        .join(ledger_head, _is_current())
        .where(_EVENT.sku_id.in_(sku_ids), _EVENT.kind.in_(MOVING_KINDS))
        .where(_EVENT.happened_at >= period.begins)
        .group_by(_EVENT.sku_id)
    )
    rows = connection.execute(statement)
    return {sku_id: (int(during), int(later)) for sku_id, during, later in rows}


def slow_stock(connection: sa.Connection, wanted: Wanted) -> Report:
    """SKUs with stock that did not sell in the period, or sells so slowly that it lasts long."""
    period = wanted.period
    days = period.span / _DAY
    stock = _unsold(period).cte("stock").prefix_with("MATERIALIZED")
    number, units = sa.func.count(), sa.func.sum(stock.c.on_hand)
    sums = sa.select(
        number.filter(stock.c.state == _DEAD).label("dead_skus"),
        sa.func.coalesce(units.filter(stock.c.state == _DEAD), 0).label("dead_units"),
        number.filter(stock.c.state == _SLOW).label("slow_skus"),
        sa.func.coalesce(units.filter(stock.c.state == _SLOW), 0).label("slow_units"),
    ).subquery("sums")
    # One statement, so that events are added up once; without any SKU there is a row of sums.
    first = stock.select().order_by(stock.c.on_hand.desc(), stock.c.sku_id)
    page = first.limit(wanted.limit + 1).subquery("page")
    found = connection.execute(
        sa.select(sums, page)
        .select_from(sums.outerjoin(page, sa.true()))
        .order_by(page.c.on_hand.desc(), page.c.sku_id)
    ).all()
    skus = [row for row in found if row.sku_id is not None]
    rows: list[Mapping[str, Cell]] = [
        {
            "sku": row.sku_id,
            "name": row.name,
            "state": row.state,
            "on_hand": row.on_hand,
            "net_shipped": int(row.net),
            "days_of_stock": ratio(row.on_hand * days, int(row.net), digits=1),
            "last_shipped_at": _last_shipped(connection, row.sku_id),
        }
        for row in skus[: wanted.limit]
    ]
    names = ("dead_skus", "dead_units", "slow_skus", "slow_units")
    totals = dict(zip(names, map(int, found[0][:4]), strict=True))
    return report_of("slow_stock", wanted, rows, totals, cut_from=skus)


def _unsold(period: Period) -> sa.Select[Any]:
    """Registered SKUs with stock that is dead or slow."""
    net = -sa.func.sum(_EVENT.on_hand_change)
    sold = (
        sa.select(_EVENT.sku_id, _EVENT.generation, net.label("net"))
        .where(_EVENT.kind.in_(_SOLD), _EVENT.happened_at >= period.begins)
        .where(_EVENT.happened_at < period.until)
        .group_by(_EVENT.sku_id, _EVENT.generation)
        .subquery("sold")
    )
    units = sa.func.coalesce(sold.c.net, 0)
    is_slow = sa.and_(units > 0, _HEAD.on_hand * (period.span / _DAY / _SLOW_DAYS) > units)
    is_dead = sa.and_(units <= 0, sku.c.created_at < period.begins)
    return (
        sa.select(
            _HEAD.sku_id,
            sku.c.name,
            _HEAD.on_hand,
            units.label("net"),
            sa.case((units > 0, _SLOW), else_=_DEAD).label("state"),
        )
        .select_from(ledger_head)
        .join(sku, sku.c.sku_id == _HEAD.sku_id)
        .outerjoin(
            sold, sa.and_(sold.c.sku_id == _HEAD.sku_id, sold.c.generation == _HEAD.generation)
        )
        .where(_HEAD.registered, _HEAD.on_hand > 0, sa.or_(is_slow, is_dead))
    )


def _last_shipped(connection: sa.Connection, sku_id: str) -> str | None:
    found: datetime | None = connection.execute(
        sa.select(_EVENT.happened_at)
        .join(ledger_head, _is_current())
        .where(_EVENT.sku_id == sku_id, _EVENT.kind == Kind.SHIPPED)
        .order_by(_EVENT.seq.desc())
        .limit(1)
    ).scalar()
    return None if found is None else found.isoformat()
