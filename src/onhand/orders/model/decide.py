"""What a sight of an order asks of stock and of the shop's beliefs.

All units are whole pieces, summed over an order's lines: two lines of one SKU both count.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from onhand.orders.model.sights import SeenLine, State


class SkuKey(NamedTuple):
    """A SKU in one of its lives: a reset SKU that is registered again is another one."""

    sku_id: str
    generation: int


class Moved(NamedTuple):
    """Units of one SKU that an order holds and has shipped."""

    held: int = 0
    shipped: int = 0


@dataclass(frozen=True, slots=True)
class CountedLine:
    """A line with what it means here; None where the catalog does not know it."""

    line: SeenLine
    listing_id: str | None = None
    sku: SkuKey | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """What was done for an order so far: stock by SKU, and units its listings' beliefs were told.

    `state` is None before the first sight.
    """

    state: State | None = None
    stock: Mapping[SkuKey, Moved] = field(default_factory=dict)
    told: Mapping[str, int] = field(default_factory=dict)


class Act(StrEnum):
    """What the ledger is asked to do for an order."""

    RELEASE = "release"
    RESERVE = "reserve"
    SHIP = "ship"


@dataclass(frozen=True, slots=True)
class Move:
    """Units (> 0) of one SKU."""

    act: Act
    sku: SkuKey
    units: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Moves in the order they are to be made, and what the beliefs are told.

    `sold` are newly seen units by listing; `doubted` are listings whose number at the shop cannot
    be foretold any more (rule 5 of the fence); `told` is the account of both afterwards.
    """

    moves: tuple[Move, ...]
    sold: Mapping[str, int]
    doubted: frozenset[str]
    told: Mapping[str, int]


def decide(account: Account, state: State, lines: Sequence[CountedLine]) -> Plan:
    """What is to be done so that stock and beliefs are as this newest sight of the order asks."""
    if state is State.ODD:
        return Plan((), {}, frozenset(), account.told)
    good = [counted for counted in lines if counted.line.has_good_units]
    moves = _moves(account.stock, state, wanted_units(state, good))
    sold, doubted, told = _beliefs(account, state, good)
    return Plan(moves, sold, doubted, told)


def wanted_units(state: State, lines: Iterable[CountedLine]) -> Counter[SkuKey]:
    """Units of each SKU the order takes, held or shipped; none of a cancelled one."""
    wanted: Counter[SkuKey] = Counter()
    for counted in lines:
        if counted.sku is not None and counted.line.has_good_units:
            wanted[counted.sku] += 0 if state is State.CANCELLED else counted.line.units
    return wanted


def units_to_hold(state: State, moved: Moved, wanted: int) -> int:
    """Units that should be held of one SKU of which the order wants `wanted`.

    While the shop is still deciding, nothing that is held is let go.
    """
    if state is State.ODD:
        return moved.held
    open_units = max(0, wanted - moved.shipped)
    if state is State.SHIPPED:
        return 0
    return max(moved.held, open_units) if state.waits else open_units


def is_as_wanted(state: State, moved: Moved, wanted: int) -> bool:
    """Whether what was done for one SKU is what an order in this state asks for."""
    if state is State.SHIPPED and moved.shipped < wanted:
        return False
    return moved.held == units_to_hold(state, moved, wanted)


def _moves(
    stock: Mapping[SkuKey, Moved], state: State, wanted: Mapping[SkuKey, int]
) -> tuple[Move, ...]:
    moves: dict[Act, list[Move]] = {act: [] for act in Act}
    for sku in sorted({*stock, *wanted}):
        moved = stock.get(sku, Moved())
        to_ship = max(0, wanted.get(sku, 0) - moved.shipped) if state is State.SHIPPED else 0
        more = units_to_hold(state, moved, wanted.get(sku, 0)) + to_ship - moved.held
        if more:
            act = Act.RESERVE if more > 0 else Act.RELEASE
            moves[act].append(Move(act, sku, abs(more)))
        if to_ship:
            moves[Act.SHIP].append(Move(Act.SHIP, sku, to_ship))
    return tuple(move for act in Act for move in moves[act])


def applied(stock: Mapping[SkuKey, Moved], moves: Iterable[Move]) -> dict[SkuKey, Moved]:
    """The account of stock after these moves were made."""
    after = dict(stock)
    for move in moves:
        held, shipped = after.get(move.sku, Moved())
        if move.act is Act.RESERVE:
            after[move.sku] = Moved(held + move.units, shipped)
        elif move.act is Act.RELEASE:
            after[move.sku] = Moved(held - move.units, shipped)
        else:
            after[move.sku] = Moved(held - move.units, shipped + move.units)
    return after


def _beliefs(
    account: Account, state: State, lines: Sequence[CountedLine]
) -> tuple[dict[str, int], frozenset[str], dict[str, int]]:
    """Units newly sold and listings to doubt; the shop lowers its number itself when it sells.

    A cancelled or reduced order may or may not be restocked by the shop, and when it took the units
    of an increased one is not known: those listings are doubted.
    """
    seen: Counter[str] = Counter()
    for counted in lines:
        if counted.listing_id is not None:
            seen[counted.listing_id] += counted.line.units
    is_cancelled = state is State.CANCELLED
    was_counted = account.state not in (None, State.ODD)
    told = dict(account.told)
    sold: dict[str, int] = {}
    doubted: set[str] = set()
    for listing_id in sorted({*told, *seen}):
        before = told.get(listing_id, 0)
        after = 0 if is_cancelled else seen[listing_id]
        if state.waits:
            after = max(before, after)
        if after > before:
            sold[listing_id] = after - before
        is_news = is_cancelled and account.state is not State.CANCELLED
        if is_news or after < before or (after > before and was_counted):
            doubted.add(listing_id)
        told[listing_id] = after
    return sold, frozenset(doubted), told
