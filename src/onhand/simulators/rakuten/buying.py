"""What happens in a shop besides the API: people buy, change, cancel, and edit stock by hand."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import msgspec

from onhand.simulators.rakuten.records import (
    Change,
    Entry,
    EntryKind,
    Line,
    Order,
    Package,
    pair_key,
)
from onhand.simulators.rakuten.shop import MOST_UNITS, Shop
from onhand.simulators.rakuten.wire import JST
from onhand.simulators.rakuten.world import (
    ChangeSettled,
    OrderConfirmedByItself,
    OrderLapsed,
    Restocked,
)

_DAY_S = 86_400.0
OPEN = (100, 200, 300)


class Wish(msgspec.Struct, frozen=True):
    """What a buyer puts into the basket; `package` tells the destinations apart."""

    item: str
    variant: str
    units: int
    package: int = 0


def buy(shop: Shop, item: str, variant: str, units: int) -> str | None:
    """Order one line now; the order number, or None when the shop does not offer so much."""
    return buy_basket(shop, [Wish(item, variant, units)])


def buy_basket(shop: Shop, wishes: Sequence[Wish]) -> str | None:
    """Order several lines now, all or none; the order number, or None."""
    with shop.open() as now:
        return place(shop, now, wishes)


def change_units(shop: Shop, number: str, line_id: int, units: int) -> bool:
    """Let the buyer change a line's units now (0 deletes it); whether the shop allowed it."""
    with shop.open() as now:
        return change_line(shop, now, (number, line_id), units)


def cancel(
    shop: Shop, number: str, *, restock: bool | None = None, restock_delay_s: float | None = None
) -> bool:
    """Let the buyer cancel now; whether that was possible.

    `restock` None follows the SKU's setting; the delay is the knob's if not given.
    """
    with shop.open() as now:
        order = shop.record.orders[number]
        if order.progress not in OPEN:
            return False
        end_order(shop, now, order, by_customer=True)
        restock_order(shop, now, order, restock=restock, delay_s=restock_delay_s)
        return True


def edit_stock_by_hand(shop: Shop, item: str, variant: str, units: int) -> None:
    """Set a SKU's units now in the shop's own screens."""
    with shop.open() as now:
        found = shop.stock(now, item, variant)
        held = 0 if found is None else found.quantity
        shop.put(
            Entry(
                kind=EntryKind.BY_HAND,
                at=now,
                item=item.lower(),
                variant=variant,
                change=units - held,
                after=units,
                units=units,
            )
        )


def place(shop: Shop, now: datetime, wishes: Sequence[Wish]) -> str | None:
    """Order at this moment: lowers the stock and makes the order, or neither."""
    if not wishes or any(wish.units < 1 for wish in wishes):
        return None
    if not _is_offered(shop, now, wishes):
        return None
    stamp = shop.local(now).replace(microsecond=0)
    serial = 100_000 + shop.count("order")
    number = f"{shop.record.shop_id}-{stamp.astimezone(JST):%Y%m%d}-{serial:010d}"
    packages: dict[int, Package] = {}
    for wish in wishes:
        if wish.package not in packages:
            packages[wish.package] = Package(77_000_000 + shop.count("basket"), [])
        line_id = 88_000_000 + shop.count("line")
        line = Line(line_id, wish.item.lower(), wish.variant, wish.units)
        packages[wish.package].lines.append(line)
        _take(shop, now, number, line, wish.units)
    shop.record.orders[number] = Order(number, 100, now, stamp, list(packages.values()))
    shop.world.changes += 1
    _schedule_order(shop, now, number)
    shop.forget_ended()
    return number


def change_line(shop: Shop, now: datetime, where: tuple[str, int], units: int) -> bool:
    """Change the units of a line, given as order number and line id, at this moment."""
    number, line_id = where
    order = shop.record.orders[number]
    line = next(line for line in order.lines() if line.line_id == line_id)
    more = units - line.units
    if order.progress not in OPEN or units < 0 or more == 0:
        return False
    if more > 0 and not _is_offered(shop, now, [Wish(line.manage_number, line.variant_id, more)]):
        return False
    if more > 0:
        _take(shop, now, number, line, more)
    else:
        _give_back(shop, now, number, (line, -more))
    line.units = units or line.units
    line.deleted = units == 0
    order.modified = True
    order.before_change = order.progress
    order.progress = 400
    order.changes.append(Change(len(order.changes) + 1, 4, by_customer=True, at=shop.local(now)))
    settled = ChangeSettled(shop.code, number)
    shop.world.later(now, shop.world.knobs.change_settles_s, settled)
    return True


def end_order(shop: Shop, now: datetime, order: Order, *, by_customer: bool) -> None:
    """Cancel an order, by way of 800; its units stay where they are."""
    order.progress = 800
    change = Change(len(order.changes) + 1, 0, by_customer=by_customer, at=shop.local(now))
    order.changes.append(change)
    shop.world.changes += 1
    settled = ChangeSettled(shop.code, order.number)
    shop.world.later(now, shop.world.knobs.cancel_settles_s, settled)


def restock_order(
    shop: Shop, now: datetime, order: Order, *, restock: bool | None, delay_s: float | None = None
) -> None:
    """Put the units of a cancelled order back, or not, or as each SKU's setting says (None)."""
    for line in order.lines():
        if restock is None:
            _give_back(shop, now, order.number, (line, line.units), delay_s=delay_s)
        elif restock:
            wait = shop.world.knobs.restock_delay_s if delay_s is None else delay_s
            shop.world.later(now, wait, _restocked(shop, order.number, (line, line.units)))


def restock(shop: Shop, now: datetime, event: Restocked) -> None:
    """Put units back at this moment, as far as the shop still has a number for them."""
    manage_number, variant_id = event.pair
    found = shop.stock(now, manage_number, variant_id)
    if found is None:
        return
    after = min(found.quantity + event.units, MOST_UNITS)
    shop.put(
        Entry(
            kind=EntryKind.RESTOCKED,
            at=now,
            item=manage_number,
            variant=variant_id,
            change=after - found.quantity,
            after=after,
            order=event.order,
            units=event.units,
        )
    )


def _is_offered(shop: Shop, now: datetime, wishes: Sequence[Wish]) -> bool:
    asked: Counter[tuple[str, str]] = Counter()
    for wish in wishes:
        asked[wish.item.lower(), wish.variant] += wish.units
    return all(_offers(shop, now, pair=pair, units=units) for pair, units in asked.items())


def _offers(shop: Shop, now: datetime, *, pair: tuple[str, str], units: int) -> bool:
    item = shop.item(pair[0])
    if item is None or item.hidden or pair[1] not in item.variants:
        return False
    if item.variants[pair[1]].hidden:
        return False
    found = shop.stock(now, *pair)
    return item.unlimited or (found is not None and found.quantity >= units)


def _take(shop: Shop, now: datetime, number: str, line: Line, units: int) -> None:
    found = shop.record.stock.get(pair_key(line.manage_number, line.variant_id))
    item = shop.item(line.manage_number)
    if found is None or item is None or item.unlimited:
        return
    shop.put(
        Entry(
            kind=EntryKind.SOLD,
            at=now,
            item=line.manage_number,
            variant=line.variant_id,
            change=-units,
            after=found.quantity - units,
            order=number,
            units=units,
        )
    )


def _give_back(
    shop: Shop,
    now: datetime,
    number: str,
    what: tuple[Line, int],
    *,
    delay_s: float | None = None,
) -> None:
    line, _ = what
    item = shop.record.items.get(line.manage_number)
    variant = None if item is None else item.variants.get(line.variant_id)
    if item is None or item.unlimited or variant is None or not variant.restock_on_cancel:
        return
    wait = shop.world.knobs.restock_delay_s if delay_s is None else delay_s
    shop.world.later(now, wait, _restocked(shop, number, what))


def _restocked(shop: Shop, number: str, what: tuple[Line, int]) -> Restocked:
    line, units = what
    return Restocked(shop.code, number, (line.manage_number, line.variant_id), units)


def _schedule_order(shop: Shop, now: datetime, number: str) -> None:
    knobs = shop.world.knobs
    if knobs.auto_confirm_s is not None:
        event = OrderConfirmedByItself(shop.code, number)
        shop.world.later(now, knobs.auto_confirm_s, event)
    if knobs.auto_cancel_days is not None:
        lapse_s = knobs.auto_cancel_days * _DAY_S
        shop.world.later(now, lapse_s, OrderLapsed(shop.code, number))
