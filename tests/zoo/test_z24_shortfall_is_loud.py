"""Z24: a shortfall after payment is loud: an event, and an entry on the order desk."""

from datetime import timedelta

from onhand.channels.port import OrderState
from onhand.orders.model.desk import EntryKind
from onhand.orders.queries.desk import DeskFilter, list_entries
from onhand.orders.queries.oversell import OversellFilter, oversell_report
from tests.orders.market import STORE, Market, line, order
from tests.shop import START, Shop, Units


def test_z24_event_desk_and_report(shop: Shop) -> None:
    market = Market(shop)
    market.open(STORE, "osaka")
    shop.register(tote=3)
    market.offer("tote", "tote")
    market.offer("tote", "tote", store_id="osaka")
    first = order(line("tote", 2), order_id="first")
    late = order(line("tote", 4), order_id="late", ordered_at=START + timedelta(seconds=30))
    market.clock.advance(900)
    market.take(first, store_id="osaka")
    taken = market.take(late)

    assert taken.shortfall == {"tote": 3}
    assert taken.problems == (EntryKind.SHORTFALL,)
    assert shop.units("tote") == Units(3, 6)
    assert shop.kinds("tote")[-1] == "oversold"
    with shop.database.read() as connection:
        (entry,) = list_entries(connection, DeskFilter()).entries
        (oversale,) = oversell_report(connection, OversellFilter()).oversales
    assert (entry.kind, entry.store, entry.order) == ("shortfall", STORE, "late")
    assert entry.facts == {"sku": "tote", "units": 3}

    assert (oversale.sku, oversale.missing_units) == ("tote", 3)
    assert [(sale.store, sale.units, sale.lag_s) for sale in oversale.sales] == [
        (STORE, 4, 870.0),
        ("osaka", 2, 900.0),
    ]
    assert [(told.store, told.told_units) for told in oversale.told] == [
        ("osaka", None),
        (STORE, None),
    ]
    assert oversale.prevented_by_intake_s is None  # only two of the three were sold elsewhere
    assert oversale.prevented_by_safety_units == 3


def test_z24_an_order_that_was_shipped_already(shop: Shop) -> None:
    market = Market(shop)
    market.open(STORE)
    shop.register("tote")
    market.offer("tote", "tote")
    taken = market.take(order(line("tote", 1), state=OrderState.SHIPPED))
    assert taken.shortfall == {"tote": 1}
    assert shop.units("tote") == Units(-1, 0)
    assert shop.kinds("tote") == ["reserved", "oversold", "shipped"]
