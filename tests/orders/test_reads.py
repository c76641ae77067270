"""Lists of orders, one order, the oversell report, reconciliation."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from onhand.channels.port import OrderState
from onhand.orders.commands import OrderKey
from onhand.orders.model.desk import EntryKind
from onhand.orders.model.sights import State
from onhand.orders.queries.orders import OrderFilter, list_orders, read_order
from onhand.orders.queries.oversell import OversellFilter, OversellReport, oversell_report
from onhand.orders.queries.reconcile import Mismatch, ReconcileFilter, reconcile
from onhand.stock.model.commands import Command, Reserve, ResetSku
from onhand.sync.tables import push
from tests.orders.market import STORE, Market, line, order
from tests.shop import START, lines


@pytest.fixture
def tote(market: Market) -> Market:
    """Ten totes, listed in two stores."""
    market.shop.register(tote=10)
    market.open("osaka")
    market.offer("tote", "tote")
    market.offer("tote", "tote", store_id="osaka")
    return market


def listed(market: Market, wanted: OrderFilter) -> list[str]:
    """The ids of one page."""
    with market.database.read() as connection:
        return [one.order for one in list_orders(connection, wanted).orders]


def mismatches(market: Market, wanted: ReconcileFilter | None = None) -> list[Mismatch]:
    """What does not agree."""
    with market.database.read() as connection:
        return reconcile(connection, wanted or ReconcileFilter()).mismatches


def report(market: Market, **wanted: object) -> OversellReport:
    """The oversell report."""
    with market.database.read() as connection:
        return oversell_report(connection, OversellFilter(**wanted))  # type: ignore[arg-type]


def fill(market: Market) -> None:
    """Six orders, an hour between them."""
    states = [*OrderState][:6]
    for number, state in enumerate(states):
        at = START + timedelta(hours=number)
        one = order(line("tote", 1), state=state, order_id=f"o{number}", ordered_at=at)
        market.take(one, store_id=STORE if number % 2 else "osaka")


def test_orders_by_page(tote: Market) -> None:
    fill(tote)
    seen, after = [], None
    with tote.database.read() as connection:
        while True:
            page = list_orders(connection, OrderFilter(limit=2, after=after))
            seen += [one.order for one in page.orders]
            after = page.cursor
            if after is None:
                break
    assert seen == ["o5", "o4", "o3", "o2", "o1", "o0"]


def test_orders_by_store_state_problem_and_sku(tote: Market) -> None:
    fill(tote)
    tote.take(order(line("mug", 1), line("tote", 2, "2"), order_id="bad"))
    assert listed(tote, OrderFilter(store="osaka")) == ["o4", "o2", "o0"]
    assert listed(tote, OrderFilter(state=State.SHIPPED)) == ["o4"]
    assert listed(tote, OrderFilter(has_problem=True)) == ["bad"]
    assert listed(tote, OrderFilter(problem=EntryKind.UNMAPPED)) == ["bad"]
    assert listed(tote, OrderFilter(problem=EntryKind.SHORTFALL)) == []
    assert len(listed(tote, OrderFilter(sku="tote"))) == 7
    assert listed(tote, OrderFilter(sku="ghost")) == []
    assert listed(tote, OrderFilter(store="\0")) == []
    with tote.database.read() as connection:
        (bad,) = list_orders(connection, OrderFilter(has_problem=True)).orders
        assert (bad.units, bad.problems) == (3, ["unmapped"])


@pytest.mark.parametrize("after", ["", "%%", "bm8=", "WyIyMDI2LTAxLTAxIiwgImEiLCAiYiJd"])
def test_a_forged_cursor(tote: Market, after: str) -> None:
    with tote.database.read() as connection:
        with pytest.raises(ValueError, match="cursor"):
            list_orders(connection, OrderFilter(after=after))
        with pytest.raises(ValueError, match="cursor"):
            reconcile(connection, ReconcileFilter(after=after))


@pytest.mark.parametrize("limit", [0, 10_001])
def test_limits(tote: Market, limit: int) -> None:
    with tote.database.read() as connection:
        with pytest.raises(ValueError, match="limit"):
            list_orders(connection, OrderFilter(limit=limit))
        with pytest.raises(ValueError, match="limit"):
            reconcile(connection, ReconcileFilter(limit=limit))
        with pytest.raises(ValueError, match="limit"):
            oversell_report(connection, OversellFilter(limit=limit))


def test_one_order_with_all_that_is_known(tote: Market) -> None:
    tote.take(order(line("tote", 12)))
    tote.take(order(line("tote", 12), state=OrderState.SHIPPED, read_s=61))
    with tote.database.read() as connection:
        view = read_order(connection, STORE, "o1", now=tote.clock())
        assert read_order(connection, STORE, "ghost", now=tote.clock()) is None
        assert read_order(connection, STORE, "\0", now=tote.clock()) is None
    assert view is not None
    assert (view.summary.state, view.summary.units) == ("shipped", 12)
    assert [(one.item, one.units, one.sku) for one in view.lines] == [("tote", 12, "tote")]
    assert [(one.held, one.shipped) for one in view.stock] == [(0, 12)]
    assert sum(hold.shipped for hold in view.holds) == 12
    assert [sight.state for sight in view.sights] == ["placed", "shipped"]
    assert view.sights[0].lines == [{"line": "1", "item": "tote", "variant": "v", "units": 12}]
    assert [message.which for message in view.messages] == ["first", "newest"]
    assert [entry.kind for entry in view.entries] == ["shortfall"]


def test_what_would_have_prevented_an_oversale(tote: Market) -> None:
    tote.clock.advance(900)
    tote.take(order(line("tote", 9), order_id="a"), store_id="osaka")
    tote.take(order(line("tote", 4), order_id="b", ordered_at=START + timedelta(seconds=40)))
    told = {
        "push_id": "p",
        "listing_id": f"{STORE}/tote",
        "store_id": STORE,
        "mode": "relative",
        "units": 1,
        "target": 10,
        "settled_at": START,
        "outcome": "delivered",
    }
    with tote.database.begin() as connection:
        connection.execute(sa.insert(push), told)
    (oversale,) = report(tote).oversales
    assert (oversale.missing_units, oversale.prevented_by_intake_s) == (3, 40.0)
    assert [one.told_units for one in oversale.told] == [None, 10]
    tote.take(order(line("tote", 1), order_id="c", ordered_at=START + timedelta(seconds=50)))
    first = report(tote, limit=1)
    assert [one.sale.order for one in first.oversales] == ["c"]
    assert [one.sale.order for one in report(tote, after=first.cursor).oversales] == ["b"]
    assert len(report(tote, store=STORE, sku="tote").oversales) == 2
    now = tote.clock()
    assert report(tote, until=now).oversales == []
    assert len(report(tote, since=now).oversales) == 2
    assert report(tote, store="osaka").oversales == []
    assert report(tote, sku="ghost").oversales == []


def test_all_agrees(tote: Market) -> None:
    fill(tote)
    assert mismatches(tote) == []
    with tote.database.read() as connection:
        first = reconcile(connection, ReconcileFilter(limit=4))
        rest = reconcile(connection, ReconcileFilter(limit=4, after=first.cursor))
    assert (first.checked, rest.checked, rest.cursor) == (4, 2, None)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            "UPDATE order_stock SET held_units = 5 WHERE order_id = 'o1'",
            [("ledger", "o1", 5, 0, 1, 0), ("lines", "o1", 1, 0, 5, 0)],
        ),
        (
            "DELETE FROM order_stock WHERE order_id = 'o1'",
            [("ledger", "o1", 0, 0, 1, 0), ("lines", "o1", 1, 0, 0, 0)],
        ),
        (
            "UPDATE reservation SET units_held = 3 WHERE reference_id = 'tokyo:o1'",
            [("ledger", "o1", 1, 0, 3, 0)],
        ),
        (
            "UPDATE reservation SET units_shipped = 0 WHERE reference_id = 'osaka:o4'",
            [("ledger", "o4", 0, 1, 0, 0)],
        ),
        (
            "UPDATE order_line SET units = 4 WHERE order_id = 'o4'",
            [("lines", "o4", 0, 4, 0, 1)],
        ),
        (
            "UPDATE channel_order SET state = 'cancelled' WHERE order_id = 'o1'",
            [("lines", "o1", 0, 0, 1, 0)],
        ),
    ],
)
def test_an_altered_row_is_noticed(
    tote: Market, statement: str, found: list[tuple[object, ...]]
) -> None:
    fill(tote)
    with tote.database.engine.begin() as connection:
        connection.execute(sa.text(statement))
    assert [
        (
            one.kind,
            one.order,
            one.expected_held,
            one.expected_shipped,
            one.found_held,
            one.found_shipped,
        )
        for one in mismatches(tote)
    ] == found
    other = "osaka" if found[0][1] == "o1" else STORE
    assert mismatches(tote, ReconcileFilter(store=other)) == []


def test_a_hold_of_a_shop_without_an_order(tote: Market) -> None:
    key = OrderKey(STORE, "ghost")
    ask = Reserve(key.reference, "x", lines(tote=2), never_expires=True)
    tote.ledger.execute([Command(key.caller, ask)])
    (one,) = mismatches(tote)
    assert (one.kind, one.store, one.order, one.found_held) == ("no_order", STORE, "ghost", 2)
    assert mismatches(tote, ReconcileFilter(store="osaka")) == []


def test_a_reset_sku_is_left_out(tote: Market) -> None:
    fill(tote)
    tote.shop.do(ResetSku("tote"))
    assert mismatches(tote) == []
