"""Why units were oversold: nobody could know yet, a shop could not be told, or we were wrong."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from onhand.db.database import Database
from onhand.simulators.rakuten import EntryKind, Rakuten
from onhand.world.queries import learned_at, told_late
from onhand.world.recount import Oversale, Truth
from onhand.world.trade import Moved

NOT_KNOWN = "orders of other shops not known yet"
NOT_TOLD = "shop not told yet"
RAISED = "number raised at the shop: by hand, or units put back"
UNEXPLAINED = "unexplained"
# Until what was learned has been followed, planned and sent.
_ON_ITS_WAY = timedelta(seconds=10)
# Until a read has found what the shop or somebody there changed, and it was repaired.
_UNTIL_CHECKED = timedelta(hours=3)


def oversold_by_cause(truth: Truth, database: Database, rakuten: Rakuten) -> dict[str, int]:
    """Oversold units by the first of the causes that explains them."""
    learned = learned_at(database)
    late = told_late(database)
    raised = _raised_there(rakuten)
    found: Counter[str] = Counter()
    for sale in truth.oversales:
        store, _, _ = sale.who.rpartition(" ")
        place = (store, sale.sku)
        if _unknown_units(sale, store, truth.moves, learned) >= sale.units:
            found[NOT_KNOWN] += sale.units
        elif any(stale <= sale.at < told for stale, told in late.get(place, ())):
            found[NOT_TOLD] += sale.units
        elif any(at <= sale.at < at + _UNTIL_CHECKED for at in raised.get(place, ())):
            found[RAISED] += sale.units
        else:
            found[UNEXPLAINED] += sale.units
    return dict(sorted(found.items()))


def _unknown_units(
    sale: Oversale, store: str, moves: Iterable[Moved], learned: dict[tuple[str, str], datetime]
) -> int:
    """Units that were gone by then, elsewhere, and that nobody here had heard of for long."""
    units = 0
    for move in moves:
        where, _, order = move.who.rpartition(" ")
        if move.sku != sale.sku or move.change >= 0 or move.at > sale.at or move.who == sale.who:
            continue
        if where and where == store:
            continue  # the shop has lowered its own number itself
        known_at = learned.get((where, order), move.at)
        if known_at + _ON_ITS_WAY > sale.at:
            units -= move.change
    return units


def _raised_there(rakuten: Rakuten) -> dict[tuple[str, str], list[datetime]]:
    found: dict[tuple[str, str], list[datetime]] = {}
    for shop in rakuten.shops.values():
        for entry in shop.ledger():
            if entry.kind in (EntryKind.BY_HAND, EntryKind.RESTOCKED) and entry.change > 0:
                sku = shop.sku(entry.item, entry.variant).lower()
                found.setdefault((shop.code, sku), []).append(entry.at)
    return found
