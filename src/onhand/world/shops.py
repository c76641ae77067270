"""The shops of a world, what they sell, who buys, and what goes wrong there."""

from datetime import datetime, timedelta

from onhand.simulators.rakuten import (
    EntryKind,
    Fault,
    FaultKind,
    Habits,
    Item,
    Knobs,
    Rakuten,
    Shop,
    Variant,
    Window,
    edit_stock_by_hand,
)
from onhand.simulators.rakuten.buyers import stop_buyers
from onhand.simulators.rakuten.dice import Dice
from onhand.simulators.rakuten.records import INVENTORY_ID
from onhand.simulators.rakuten.world import BuyerReturns, ChangeSettled, RequestLands, Restocked
from onhand.sync.model.rules import Rule
from onhand.world.setting import START, Setting
from onhand.world.turns import Turns

_NAMES = ("tokyo", "osaka", "sendai", "nagoya", "sapporo", "fukuoka", "kyoto", "kobe", "naha")
# Each store shares in its own way; the ones after these show everything.
_RULES = (Rule(), Rule(safety_units=1), Rule(cap_units=12, floor_units=2))
# Clocks of shops that are ahead or behind, in seconds; searches that lag.
_SKEWS = (0.0, 7.0, -11.0, 19.0)
_SKUS_PER_ITEM = 4
_SHIPPED_AFTER = timedelta(hours=8)

# How often a call meets each misfortune, of those it can meet.
_ODDS: tuple[tuple[Fault, float], ...] = (
    (Fault(kind=FaultKind.LOST, after=False), 0.01),
    (Fault(kind=FaultKind.LOST, after=True), 0.01),
    (Fault(kind=FaultKind.LATE, function="inventories.*", delay_s=45), 0.01),
    (Fault(kind=FaultKind.LATE, function="inventories.*", delay_s=110), 0.005),
    (Fault(kind=FaultKind.ERROR, status=500, after=True), 0.005),
    (Fault(kind=FaultKind.ERROR, status=503), 0.01),
    (Fault(kind=FaultKind.HTML, status=502, after=True), 0.005),
    (Fault(kind=FaultKind.HTML, status=200), 0.003),
    (Fault(kind=FaultKind.TRUNCATED), 0.005),
    (Fault(kind=FaultKind.LIMITED), 0.01),
    (Fault(kind=FaultKind.LIMITED, retry_after_s=20), 0.005),
    (Fault(kind=FaultKind.MAINTENANCE), 0.003),
    (Fault(kind=FaultKind.CONFLICT, function="inventories.bulk.upsert"), 0.01),
    (Fault(kind=FaultKind.READ_ONLY, function="inventories.bulk.upsert"), 0.005),
    (Fault(kind=FaultKind.REORDERED), 0.02),
    (Fault(kind=FaultKind.REPEATED), 0.02),
    (Fault(kind=FaultKind.ENDLESS, function="order.search*"), 0.01),
    (Fault(kind=FaultKind.ENDLESS, function="items.search"), 0.01),
)
UNREACHED = 0.01


def store_ids(setting: Setting) -> list[str]:
    """The stores, named as their shops."""
    return [f"{name}-shop" for name in (*_NAMES, *map(str, range(setting.stores)))][
        : setting.stores
    ]


def sku_codes(setting: Setting) -> list[str]:
    """The codes of what is sold."""
    return [f"W-{number:05d}" for number in range(1, setting.skus + 1)]


def rule_of(setting: Setting, store_id: str) -> Rule:
    """How a store shares in the stock."""
    number = store_ids(setting).index(store_id)
    return _RULES[number] if setting.shares and number < len(_RULES) else Rule()


def build_shops(setting: Setting, turns: Turns, opening: dict[str, int]) -> Rakuten:
    """A Rakuten with the setting's shops; `opening` are the units there are of each SKU.

    Each shop begins with a number of its own, which nobody keeps in step yet.
    """
    knobs = Knobs(cancel_settles_s=240, change_settles_s=300, processing_s=600)
    if setting.faults:
        knobs.order_index_lag_s = 15
        knobs.restock_delay_s = 90
        knobs.item_index_lag_s = 3600
    rakuten = Rakuten(turns.now, seed=setting.seed, knobs=knobs)
    dice = Dice(f"world:{setting.seed}:shops")
    for number, code in enumerate(store_ids(setting)):
        skew_s = _SKEWS[number % len(_SKEWS)] if setting.faults else 0.0
        _fill(rakuten.open_shop(code, skew_s=skew_s), sku_codes(setting), opening, dice)
    return rakuten


def _fill(shop: Shop, codes: list[str], opening: dict[str, int], dice: Dice) -> None:
    """Every fifth item has one SKU only, the others up to four; one item has no code."""
    prefix = shop.code.partition("-")[0]
    rest = list(codes)
    number = 0
    while rest:
        number += 1
        size = 1 if number % 5 == 0 else _SKUS_PER_ITEM
        mine, rest = rest[:size], rest[size:]
        ids = [INVENTORY_ID] if len(mine) == 1 else [f"v{place}" for place in range(len(mine))]
        variants = {
            variant: Variant(code, restock_on_cancel=dice.happens(0.8))
            for variant, code in zip(ids, mine, strict=True)
        }
        units = {
            variant: dice.whole(0, opening[code]) for variant, code in zip(ids, mine, strict=True)
        }
        shop.add_item(_item(f"{prefix}-{number:05d}", f"Item {number}", variants), units)
    shop.add_item(
        _item(f"{prefix}-unknown", "Item without a code", {INVENTORY_ID: Variant()}),
        {INVENTORY_ID: 50},
    )


def _item(manage_number: str, title: str, variants: dict[str, Variant]) -> Item:
    """An item that has been there for a while: the shop's search knows it."""
    since = START - timedelta(days=30)
    return Item(manage_number, title, variants, created=since, updated=since)


def open_doors(setting: Setting, rakuten: Rakuten) -> None:
    """Let people buy, and things go wrong."""
    rakuten.start_buyers(
        Habits(
            orders_per_hour=setting.orders_per_hour,
            restock_delay_s=rakuten.knobs.restock_delay_s,
        )
    )
    if setting.faults:
        for fault, probability in _ODDS:
            rakuten.faults.by_chance(fault, probability)
        dice = Dice(f"world:{setting.seed}:maintenance")
        span_h = setting.days * 24
        for _ in range(max(1, round(setting.days / 3))):
            start = setting.opens_at + timedelta(hours=span_h * dice.roll())
            services = ("inventories", "items") if dice.happens(0.5) else ()
            window = Window(start, start + timedelta(minutes=dice.whole(10, 90)), services)
            rakuten.knobs.maintenance.append(window)


def close_doors(rakuten: Rakuten) -> None:
    """Nobody new buys, and nothing new goes wrong."""
    with rakuten.world.lock:
        rakuten.world.now()
        stop_buyers(rakuten.world)
        rakuten.faults.clear()
        rakuten.knobs.maintenance.clear()


def is_quiet(rakuten: Rakuten) -> bool:
    """Whether nothing more happens in the shops by itself."""
    moving = (BuyerReturns, ChangeSettled, Restocked, RequestLands)
    return not any(isinstance(event, moving) for _, _, event in rakuten.world.state.due)


def ship_orders(rakuten: Rakuten, now: datetime) -> None:
    """The warehouse reports as shipped what was ordered a while ago."""
    for shop in rakuten.shops.values():
        for order in shop.orders():
            if order.progress == 300 and order.placed_at <= now - _SHIPPED_AFTER:
                order.progress = 500
                order.shipped_at = shop.local(now)


def edit_by_hand(rakuten: Rakuten, dice: Dice) -> None:
    """Somebody changes a number in a shop's own screens."""
    shops = list(rakuten.shops.values())
    shop = shops[dice.whole(0, len(shops) - 1)]
    listed = [found for found in shop.catalogue() if found[2]]
    item, variant, _ = listed[dice.whole(0, len(listed) - 1)]
    held = shop.quantity(item, variant)
    if held is not None:
        edit_stock_by_hand(shop, item, variant, max(0, held + dice.whole(-3, 3)))


def units_edited(rakuten: Rakuten) -> int:
    """By how many units numbers were changed by hand, up or down."""
    return sum(
        abs(entry.change)
        for shop in rakuten.shops.values()
        for entry in shop.ledger()
        if entry.kind is EntryKind.BY_HAND
    )
