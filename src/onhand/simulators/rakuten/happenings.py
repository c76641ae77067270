"""What becomes of an event when its moment has come."""

from datetime import datetime, timedelta

from onhand.simulators.rakuten.buying import end_order, restock, restock_order
from onhand.simulators.rakuten.records import Order
from onhand.simulators.rakuten.shop import Shop
from onhand.simulators.rakuten.world import (
    ChangeSettled,
    OrderConfirmedByItself,
    OrderFixed,
    OrderLapsed,
    OrderShipped,
    Restocked,
)


def confirm(shop: Shop, now: datetime, order: Order) -> None:
    """100 becomes 200, and 300 when Rakuten has processed it."""
    order.progress = 200
    order.confirmed_at = shop.local(now)
    shop.world.changes += 1
    shop.world.later(now, shop.world.knobs.processing_s, OrderFixed(shop.code, order.number))


def happen(
    shop: Shop,
    now: datetime,
    event: ChangeSettled
    | OrderConfirmedByItself
    | OrderFixed
    | OrderLapsed
    | OrderShipped
    | Restocked,
) -> None:
    """Let an event of an order have its effect, if the order is still in the state for it."""
    if isinstance(event, Restocked):
        restock(shop, now, event)
        return
    order = shop.record.orders[event.order]
    if isinstance(event, OrderFixed):
        _fix(shop, now, order)
    elif isinstance(event, OrderShipped):
        _ship(shop, now, order)
    elif isinstance(event, ChangeSettled):
        _settle(order)
    elif order.progress != 100:
        return
    elif isinstance(event, OrderConfirmedByItself):
        confirm(shop, now, order)
    else:
        end_order(shop, now, order, by_customer=False)
        restock_order(shop, now, order, restock=None)


def _fix(shop: Shop, now: datetime, order: Order) -> None:
    if order.progress == 400 and order.before_change == 200:
        order.before_change = 300
    elif order.progress == 200:
        order.progress = 300
    else:
        return
    order.fixed_at = shop.local(now)
    _plan_shipping(shop, now, order)


def _plan_shipping(shop: Shop, now: datetime, order: Order) -> None:
    habits = shop.world.state.habits
    if habits is not None and habits.ships_after_s is not None:
        wait_s = shop.world.dice(f"packing at {shop.code}").wait_s(habits.ships_after_s)
        event = OrderShipped(shop.code, order.number)
        shop.world.schedule(now + timedelta(seconds=wait_s), event)


def _ship(shop: Shop, now: datetime, order: Order) -> None:
    if order.progress == 300:
        order.progress = 500
        order.shipped_at = shop.local(now)
    elif order.progress == 400:  # what changes is packed when it is settled
        _plan_shipping(shop, now, order)


def _settle(order: Order) -> None:
    if order.progress == 400:
        order.progress = order.before_change
    elif order.progress == 800:
        order.progress = 900
        order.changes[-1].kind = 1
