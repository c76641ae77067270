"""A Rakuten Ichiba that can be had without Rakuten: the RMS WEB SERVICE in memory.

    rakuten = Rakuten(clock, seed=1, knobs=Knobs())
    shop = rakuten.open_shop("tokyo-bags")
    shop.add_item(Item("tote", "帆布トート", {"normal-inventory": Variant("TOTE")}),
                  {"normal-inventory": 10})
    number = buy(shop, "tote", "normal-inventory", 2)       # a buyer; None: not that many left
    outcome = rakuten.handle(Request("POST", "/es/2.0/inventories/bulk-get", "", {
        "authorization": shop.authorization, "content-type": "application/json"}, body))

`handle` answers a `Response`, or `Lost` where the client sees nothing: a transport turns that
into a timeout. Time passes with the clock: whatever is due happens before the next call,
purchase or reading, in the order of its moments (`rakuten.advance(moment)` does it without one).
`rakuten.faults.plan(Fault(kind=FaultKind.LOST, function="inventories.*", after=True))` spoils the
next call; `rakuten.start_buyers(Habits(orders_per_hour=60))` lets people buy by themselves;
`shop.quantity(item, variant)`, `shop.ledger()` and `shop.orders()` tell the truth. With
`snapshot` and `Rakuten.restore` it survives a restart; `server.asgi` puts it behind a socket.

What it answers follows Rakuten's documentation as far as that is public; what is unknown there is
a knob, or carries `0xx` in its code and `[simulated]` in its message.
"""

from onhand.simulators.rakuten.buying import (
    Wish,
    buy,
    buy_basket,
    cancel,
    change_units,
    edit_stock_by_hand,
)
from onhand.simulators.rakuten.faults import Fault, FaultKind
from onhand.simulators.rakuten.habits import Habits
from onhand.simulators.rakuten.knobs import Envelope, Knobs, LimitAnswer, Window
from onhand.simulators.rakuten.rakuten import Rakuten
from onhand.simulators.rakuten.records import Entry, EntryKind, Item, Order, Variant
from onhand.simulators.rakuten.shop import Shop
from onhand.simulators.rakuten.wire import Lost, Outcome, Request, Response

__all__ = [
    "Entry",
    "EntryKind",
    "Envelope",
    "Fault",
    "FaultKind",
    "Habits",
    "Item",
    "Knobs",
    "LimitAnswer",
    "Lost",
    "Order",
    "Outcome",
    "Rakuten",
    "Request",
    "Response",
    "Shop",
    "Variant",
    "Window",
    "Wish",
    "buy",
    "buy_basket",
    "cancel",
    "change_units",
    "edit_stock_by_hand",
]
