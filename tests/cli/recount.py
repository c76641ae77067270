"""What a replay must end with, counted from the file alone: nothing of Onhand is used here.

The rules are those of docs/reference/cli.md, written down a second time.
"""

import csv
import gzip
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Recount:
    """Units on hand by SKU, and lines by what became of them."""

    on_hand: Counter[str] = field(default_factory=Counter)
    lines: Counter[str] = field(default_factory=Counter)


def rows_of(path: Path) -> list[dict[str, str]]:
    """The file's lines."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def recount(
    rows: list[dict[str, str]], *, opening_units: int | None = None, oversell: bool = False
) -> Recount:
    """Play clean rows (whole quantities, codes and times present) with plain arithmetic."""
    done = Recount()
    done.on_hand.update(_opening(rows, opening_units))
    days: dict[str, dict[str, list[dict[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        days[row["invoiced_at"][:10]][row["invoice"]].append(row)
    for day in sorted(days):
        waiting = []
        for number, lines in days[day].items():
            pairs = [(row["sku"].strip().lower(), int(row["quantity"])) for row in lines]
            sold = [pair for pair in pairs if pair[1] > 0]
            if sold:
                waiting.append(_serve(done, sold, oversell=oversell))
            for sku, units in pairs:
                if units < 0:
                    _take_back(done, sku, units, is_return=number[0] in "Cc", oversell=oversell)
        waiting = [rest for rest in waiting if rest]
        while waiting:
            waiting = [rest for order in waiting if (rest := _serve(done, order, oversell=False))]
    return done


def _opening(rows: list[dict[str, str]], units: int | None) -> dict[str, int]:
    ordered: Counter[str] = Counter()
    for row in rows:
        wanted = int(row["quantity"]) if row["invoice"][0] not in "Cc" else 0
        ordered[row["sku"].strip().lower()] += max(0, wanted)
    if units is not None:
        return dict.fromkeys(ordered, units)
    return {sku: (4 * total + 4) // 5 for sku, total in ordered.items()}


def _serve(done: Recount, lines: list[tuple[str, int]], *, oversell: bool) -> list[tuple[str, int]]:
    """Ship all lines, or refuse those of short SKUs and give back the rest to be asked again."""
    needed: Counter[str] = Counter()
    for sku, units in lines:
        needed[sku] += units
    short = {sku for sku in needed if needed[sku] > done.on_hand[sku]}
    if not short or oversell:
        done.on_hand.subtract(needed)
        for sku, _ in lines:
            done.lines["oversold" if done.on_hand[sku] < 0 else "shipped"] += 1
        return []
    rest = [line for line in lines if line[0] not in short]
    done.lines["refused"] += len(lines) - len(rest)
    return rest


def _take_back(done: Recount, sku: str, units: int, *, is_return: bool, oversell: bool) -> None:
    """`units` below 0: a cancellation brings them back, anything else writes them off."""
    if is_return:
        done.on_hand[sku] -= units
        done.lines["returned"] += 1
    elif oversell or done.on_hand[sku] >= -units:
        done.on_hand[sku] += units
        done.lines["written_off"] += 1
    else:
        done.lines["write_off_refused"] += 1
