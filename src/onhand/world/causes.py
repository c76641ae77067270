"""Why units were oversold: nobody could know yet, a shop could not be told, or we were wrong."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from onhand.simulators.rakuten import Entry, EntryKind, Rakuten
from onhand.world.queries import Told
from onhand.world.recount import Truth
from onhand.world.setting import START
from onhand.world.trade import Moved

NOT_KNOWN = "orders of other shops not known yet"
NOT_TOLD = "shop not told yet"
NOT_TAKEN = "push lost or not taken, and not repeated yet"
RAISED = "number raised at the shop: by hand, or by a restock of its own"
UNEXPLAINED = "unexplained"
# Until what was learned has been followed, planned and sent.
_ON_ITS_WAY = timedelta(seconds=10)
# What was learned later than this before a number was written cannot be in that number.
_AT_LEAST = timedelta(seconds=0.1)
# Until a push that failed was repeated: what is lost is read only when it cannot land any more.
_UNTIL_REPEATED = timedelta(minutes=5)
# Until a read has found what the shop or somebody there changed, and it was repaired.
_UNTIL_CHECKED = timedelta(hours=3)

_ABSOLUTE = "ABSOLUTE"  # as Rakuten writes it

Place = tuple[str, str]  # store and SKU
Learned = Mapping[tuple[str, str], datetime]  # by store and order


def oversold_by_cause(
    truth: Truth, rakuten: Rakuten, learned: Learned, told: Mapping[Place, Sequence[Told]]
) -> dict[str, int]:
    """Oversold units by the first of the causes that explains them."""
    moves, books = _moves(truth), _books(rakuten)
    found: Counter[str] = Counter()
    for sale in truth.oversales:
        store = _store(sale.who)
        place = (store, sale.sku)
        # What a shop sold itself it has taken off its number itself.
        others = [
            move
            for move in moves[sale.sku]
            if move.who != sale.who and (not store or _store(move.who) != store)
        ]
        not_known = min(sale.units, _unknown_units(others, sale.at, learned, _ON_ITS_WAY))
        raised = _raised_there(books[place], EntryKind.BY_HAND, EntryKind.RESTOCKED)
        cause = _cause(sale.at, told.get(place, ()), raised)
        found[NOT_KNOWN] += not_known
        found[cause] += sale.units - not_known
    return {cause: units for cause, units in sorted(found.items()) if units}


def units_put_back(truth: Truth, rakuten: Rakuten, learned: Learned) -> int:
    """Units that a shop had sold, unknown to us, and that a push of ours offered once more.

    A push is held against what the shop would show if we knew its own sales: units that other
    shops sold meanwhile are not its fault, nor are numbers raised at the shop by hand.
    """
    moves = _moves(truth)
    return sum(
        _put_back(store, book, moves[sku], learned)
        for (store, sku), book in _books(rakuten).items()
    )


def _put_back(store: str, book: Sequence[Entry], moves: Sequence[Moved], learned: Learned) -> int:
    own = [move for move in moves if _store(move.who) == store]
    others = [move for move in moves if _store(move.who) != store]
    by_hand = _raised_there(book, EntryKind.BY_HAND)
    units, written_at = 0, START
    for entry in book:
        at = entry.at
        if entry.kind is not EntryKind.WRITTEN:
            continue
        # What was sold before the last write was overwritten by that one, if by any.
        sold = _unknown_units(
            [move for move in own if move.at > written_at], at, learned, _AT_LEAST
        )
        most = sold if entry.mode == _ABSOLUTE else min(sold, entry.change)
        written_at = at
        if most > 0 and not any(moment <= at < moment + _UNTIL_CHECKED for moment in by_hand):
            free = sum(move.change for move in moves if move.at <= at)
            too_many = entry.after - max(0, free + _unknown_units(others, at, learned, _AT_LEAST))
            units += max(0, min(most, too_many))
    return units


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
    moves: Iterable[Moved], at: datetime, learned: Learned, reaction: timedelta
) -> int:
    """Units that these had taken by a moment, and that nobody here knew for as long as that."""
    units = 0
    for move in moves:
        store, _, order = move.who.rpartition(" ")
        known_at = learned.get((store, order), move.at)
        if move.change < 0 and move.at <= at < known_at + reaction:
            units -= move.change
    return units


def _store(who: str) -> str:
    """The store whose order it is; empty: none of the shops'."""
    return who.rpartition(" ")[0]


def _moves(truth: Truth) -> Mapping[str, list[Moved]]:
    found: dict[str, list[Moved]] = defaultdict(list)
    for move in truth.moves:
        found[move.sku].append(move)
    return found


def _books(rakuten: Rakuten) -> Mapping[Place, list[Entry]]:
    """What happened to each shop's number of each SKU."""
    found: dict[Place, list[Entry]] = defaultdict(list)
    for shop in rakuten.shops.values():
        for entry in shop.ledger():
            sku = shop.sku(entry.item, entry.variant).lower()
            if sku:
                found[shop.code, sku].append(entry)
    return found


def _raised_there(book: Iterable[Entry], *kinds: EntryKind) -> list[datetime]:
    return [entry.at for entry in book if entry.kind in kinds and entry.change > 0]
