"""Why units were oversold: nobody could know yet, a shop could not be told, or we were wrong."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from onhand.db.database import Database
from onhand.simulators.rakuten import EntryKind, Rakuten
from onhand.world.queries import Told, learned_at, told_late
from onhand.world.recount import Oversale, Truth
from onhand.world.trade import Moved

NOT_KNOWN = "orders of other shops not known yet"
NOT_TOLD = "shop not told yet"
NOT_TAKEN = "push lost or not taken, and not repeated yet"
RAISED = "number raised at the shop: by hand, or units put back"
UNEXPLAINED = "unexplained"
# Until what was learned has been followed, planned and sent.
_ON_ITS_WAY = timedelta(seconds=10)
# Until a push that failed was repeated: what is lost is read only when it cannot land any more.
_UNTIL_REPEATED = timedelta(minutes=5)
# Until a read has found what the shop or somebody there changed, and it was repaired.
_UNTIL_CHECKED = timedelta(hours=3)


def oversold_by_cause(truth: Truth, database: Database, rakuten: Rakuten) -> dict[str, int]:
    """Oversold units by the first of the causes that explains them."""
    learned = learned_at(database)
    told = told_late(database)
    raised = _raised_there(rakuten)
    found: Counter[str] = Counter()
    for sale in truth.oversales:
        store, _, _ = sale.who.rpartition(" ")
        place = (store, sale.sku)
        not_known = min(sale.units, _unknown_units(sale, store, truth.moves, learned))
        found[NOT_KNOWN] += not_known
        found[_cause(sale.at, told.get(place, ()), raised.get(place, ()))] += sale.units - not_known
    return {cause: units for cause, units in sorted(found.items()) if units}


def _cause(at: datetime, told: Sequence[Told], raised: Iterable[datetime]) -> str:
    """Why the shop offered at a moment what we knew to be gone."""
    if any(push.stale_at <= at < push.settled_at for push in told):
        return NOT_TOLD
    failed = [push.settled_at for push in told if not push.is_delivered]
    if any(moment <= at < moment + _UNTIL_REPEATED for moment in failed):
        return NOT_TAKEN
    if any(moment <= at < moment + _UNTIL_CHECKED for moment in raised):
        return RAISED
    return UNEXPLAINED


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
