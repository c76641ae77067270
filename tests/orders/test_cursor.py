"""How far intake has come, and which orders are read again."""

from datetime import timedelta

import sqlalchemy as sa

from onhand.channels.port import ChannelOrder, OrderState
from onhand.orders.commands import move_cursor, poll_failed, seen
from onhand.orders.model.watch import SHIPPED_EVERY, SHIPPED_FOR
from onhand.orders.queries.due import CursorView, open_orders, read_cursor
from onhand.orders.tables import channel_order
from onhand.sync.tables import store_progress
from tests.orders.market import STORE, Market, line, order
from tests.shop import START


def cursor(market: Market) -> CursorView | None:
    """The store's cursor."""
    with market.database.read() as connection:
        return read_cursor(connection, STORE)


def due(market: Market, after_s: float, limit: int = 100) -> list[str]:
    """Orders due to be read again so many seconds after START."""
    now = START + timedelta(seconds=after_s)
    with market.database.read() as connection:
        found = open_orders(connection, STORE, now=now, limit=limit)
    return [one.order_id for one in found]


def report(market: Market, *orders: ChannelOrder, asked: str = "", read_s: float) -> list[str]:
    """Report a read; the ids that are news."""
    read_at = START + timedelta(seconds=read_s)
    news = seen(market.database, STORE, orders, asked=asked.split(), read_at=read_at)
    return [one.order_id for one in news]


def test_the_cursor_never_moves_back(market: Market) -> None:
    assert cursor(market) is None
    hour = timedelta(hours=1)
    assert move_cursor(market.database, STORE, START, now=START) == START
    assert move_cursor(market.database, STORE, START - hour, now=START + hour) == START
    assert cursor(market) == CursorView(STORE, START, START + hour, None, None)
    assert market.table(store_progress) == [(STORE, START)]
    move_cursor(market.database, STORE, START + hour, now=START + hour)
    assert market.table(store_progress) == [(STORE, START + hour)]


def test_a_poll_that_failed(market: Market) -> None:
    poll_failed(market.database, STORE, "searchOrder: down", now=START)
    assert cursor(market) == CursorView(STORE, None, None, START, "searchOrder: down")
    move_cursor(market.database, STORE, START, now=START)
    assert cursor(market) == CursorView(STORE, START, START, None, None)


def test_a_sweep_reaches_every_open_order(market: Market) -> None:
    for number in range(5):
        market.take(order(line("tote", 1), order_id=f"o{number}", read_s=number))
    market.take(order(line("tote", 1), order_id="gone", state=OrderState.CANCELLED))
    assert due(market, 100, limit=2) == ["o0", "o1"]
    reached: list[str] = []
    while batch := due(market, 100, limit=2):
        reached += batch
        same = [order(line("tote", 1), order_id=one, read_s=100) for one in batch[1:]]
        report(market, *same, asked=" ".join(batch), read_s=100)
    assert reached == ["o0", "o1", "o2", "o3", "o4"]


def test_only_news_are_to_be_taken_in(market: Market) -> None:
    market.take(order(line("tote", 1)))
    market.take(order(line("tote", 1), order_id="o2"))
    same = order(line("tote", 1), read_s=90)
    changed = order(line("tote", 2), order_id="o2", read_s=90)
    unknown = order(line("tote", 1), order_id="o3", read_s=90)
    assert report(market, same, changed, unknown, read_s=90) == ["o2", "o3"]
    read = dict(market.table(channel_order, "order_id", "read_at"))
    assert read["o1"] == START + timedelta(seconds=90)
    assert read["o2"] == START + timedelta(seconds=60)
    assert not market.take(order(line("tote", 9), read_s=80)).changed
    assert market.take(changed).changed


def test_an_older_read_does_not_turn_the_clock_back(market: Market) -> None:
    market.take(order(line("tote", 1)))
    assert report(market, order(line("tote", 1), read_s=30), read_s=30) == []
    assert market.table(channel_order, "read_at") == [(START + timedelta(seconds=60),)]


def test_a_sweep_does_not_ask_for_ever_about_what_it_may_not_believe(market: Market) -> None:
    """Another process, whose clock is ahead, has read the order later than now."""
    market.take(order(line("tote", 1), read_s=60))
    with market.database.begin() as connection:
        connection.execute(sa.update(channel_order).values(next_read_at=START))
    assert due(market, 30) == ["o1"]
    assert report(market, order(line("tote", 2), read_s=30), asked="o1", read_s=30) == []
    assert due(market, 30) == []


def test_shipped_orders_are_read_now_and_then_for_some_days(market: Market) -> None:
    shipped = order(line("tote", 1), state=OrderState.SHIPPED)
    market.take(shipped)
    every, days = SHIPPED_EVERY.total_seconds(), SHIPPED_FOR.total_seconds()
    assert due(market, every) == []
    at_s = every + 61
    assert due(market, at_s) == ["o1"]
    while due(market, at_s):
        assert at_s < days + 100
        again = order(line("tote", 1), state=OrderState.SHIPPED, read_s=at_s)
        report(market, again, read_s=at_s)
        at_s += every + 1
    assert at_s > days - 2 * every
