"""What a plan does outside the order: to the ledger, and to the beliefs of the shop's listings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import sqlalchemy as sa

from onhand.orders.commands.rows import OrderKey
from onhand.orders.model.decide import Act, Move, Plan
from onhand.orders.model.desk import Cause, EntryKind
from onhand.stock.commands import Ledger
from onhand.stock.commands.answers import StockAnswer
from onhand.stock.model.commands import Ask, Command, Deduct, Line, Release, Reserve
from onhand.stock.model.refusals import Refusal
from onhand.sync.commands.beliefs import Sale, doubt, sold
from onhand.sync.model.fence import Doubt, Waits

_answers = msgspec.json.Decoder(StockAnswer)


class LedgerRefused(Exception):
    """The ledger refused a part: everything is to be asked again, SKU by SKU."""


@dataclass(slots=True)
class Done:
    """The moves that were made, units missing by SKU, and what the desk is told of the rest."""

    moves: list[Move] = field(default_factory=list)
    missing: dict[str, int] = field(default_factory=dict)
    refusals: list[Cause] = field(default_factory=list)


def move_stock(
    connection: sa.Connection, ledger: Ledger, key: OrderKey, plan: Plan, *, apart: bool
) -> Done:
    """Have the ledger make the plan's moves; `apart` asks for each SKU by itself.

    Raises:
        LedgerRefused: something was refused, and it was not asked apart.
        TransactionConflict: the caller runs its whole transaction again.
    """
    done = Done()
    groups = [[move] for move in plan.moves] if apart else _by_act(plan.moves)
    if not groups:
        return done
    results = ledger.execute_within(connection, [_command(key, group) for group in groups])
    for group, result in zip(groups, results, strict=True):
        if isinstance(result, Refusal):
            if not apart:
                raise LedgerRefused
            done.refusals.append(_refused(group[0], result))
            continue
        done.moves += group
        if group[0].act is Act.RESERVE:
            _note_missing(done, group, _answers.decode(result.answer))
    return done


def tell_beliefs(
    connection: sa.Connection, plan: Plan, *, ordered_at: datetime, now: datetime, waits: Waits
) -> None:
    """Lower the beliefs of what was newly sold, and doubt what cannot be foretold."""
    if plan.sold:
        sales = [Sale(listing, units, ordered_at) for listing, units in plan.sold.items()]
        sold(connection, sales, waits=waits)
    if plan.doubted:
        doubt(connection, plan.doubted, Doubt.ORDER_CHANGED, now=now)


def _by_act(moves: Sequence[Move]) -> list[list[Move]]:
    groups = ([move for move in moves if move.act is act] for act in Act)
    return [group for group in groups if group]


def _command(key: OrderKey, moves: Iterable[Move]) -> Command:
    group = list(moves)
    lines = tuple(Line(move.sku.sku_id, move.units) for move in group)
    reference = key.reference
    ask: Ask
    match group[0].act:
        case Act.RESERVE:
            ask = Reserve(reference, reference.id, lines, never_expires=True, is_fact=True)
        case Act.RELEASE:
            ask = Release(reference, lines)
        case Act.SHIP:
            ask = Deduct(reference, lines)
    return Command(key.caller, ask, store_id=key.store_id)


def _note_missing(done: Done, moves: Iterable[Move], answer: StockAnswer) -> None:
    """Units of each SKU that were not there: what lies below zero now, but no more than asked."""
    available = {level.sku: level.available for level in answer.levels}
    for move in moves:
        left = available[move.sku.sku_id]
        if left < 0:
            done.missing[move.sku.sku_id] = min(move.units, -left)


def _refused(move: Move, refusal: Refusal) -> Cause:
    facts = {
        "sku": move.sku.sku_id,
        "act": move.act.value,
        "units": move.units,
        "code": refusal.code,
        "detail": msgspec.to_builtins(refusal),
    }
    return Cause(EntryKind.REFUSED, f"{move.act.value} {move.sku.sku_id}", facts)
