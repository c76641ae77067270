"""The verdict on a world that has come to rest: what was lost, doubled, wrong, oversold, late."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from onhand.db.database import Database
from onhand.orders.queries.reconcile import ReconcileFilter, reconcile
from onhand.simulators.rakuten import Rakuten
from onhand.simulators.rakuten.shop import MOST_UNITS
from onhand.stock.queries.verify import verify
from onhand.sync.model.rules import Rule
from onhand.world import queries
from onhand.world.causes import oversold_by_cause, units_put_back
from onhand.world.recount import Truth
from onhand.world.setting import Setting
from onhand.world.shops import rule_of

_SHOWN = 20
EVERY_STORE = "all"


@dataclass(frozen=True, slots=True)
class Freshness:
    """Seconds from a change of stock until a shop was told, over the pushes that were taken."""

    pushes: int
    p50_s: float
    p99_s: float
    most_s: float


@dataclass(slots=True)
class Verdict:
    """What became of a world. `wrong` explains the counts, the first cases of each.

    `put_back` are units that a shop had sold, unknown to us, and that a push offered once more.
    """

    seed: int
    orders: int = 0
    lost: int = 0
    doubled: int = 0
    lost_units: int = 0
    doubled_units: int = 0
    shops_wrong: int = 0
    ledger_mismatches: int = 0
    reconcile_mismatches: int = 0
    unsettled: int = 0
    sold: int = 0
    oversold: int = 0
    put_back: int = 0
    oversold_by: dict[str, int] = field(default_factory=dict)
    edited: int = 0
    crashes: int = 0
    calls: int = 0
    lost_calls: int = 0
    freshness: dict[str, Freshness] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    drifts: dict[str, int] = field(default_factory=dict)
    died: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        """Whether nothing was lost or doubled, and every number is what it should be."""
        return not (
            self.lost
            or self.doubled
            or self.lost_units
            or self.doubled_units
            or self.shops_wrong
            or self.ledger_mismatches
            or self.reconcile_mismatches
            or self.unsettled
        )


def judge(setting: Setting, database: Database, rakuten: Rakuten, truth: Truth) -> Verdict:
    """Compare what Onhand did with the truth."""
    verdict = Verdict(setting.seed, orders=len(truth.orders))
    verdict.sold, verdict.oversold = truth.sold, truth.oversold
    learned = queries.learned_at(database)
    verdict.put_back = units_put_back(truth, rakuten, learned)
    if not setting.baseline:
        told = queries.told_late(database)
        verdict.oversold_by = oversold_by_cause(truth, rakuten, learned, told)
    _compare_orders(verdict, database, truth)
    _compare_shops(verdict, setting, database, rakuten)
    report = verify(database)
    verdict.ledger_mismatches = len(report.mismatches)
    _explain(verdict, "the ledger", report.mismatches)
    with database.read() as connection:
        found = reconcile(connection, ReconcileFilter(limit=10_000))
    verdict.reconcile_mismatches = len(found.mismatches)
    _explain(verdict, "reconcile", found.mismatches)
    if not setting.baseline:
        verdict.unsettled = queries.unsettled(database)
    _measure(verdict, setting, database)
    return verdict


def _compare_orders(verdict: Verdict, database: Database, truth: Truth) -> None:
    known = queries.known_orders(database)
    verdict.lost = len(truth.orders - known)
    verdict.doubled = len(known - truth.orders)
    _explain(verdict, "lost", sorted(truth.orders - known))
    _explain(verdict, "doubled", sorted(known - truth.orders))
    units = {
        (row.reference, row.sku): (row.held, row.shipped)
        for row in queries.held_units(database)
        if row.held or row.shipped
    }
    differences = []
    for key in sorted(truth.units.keys() | units.keys()):
        should, is_so = truth.units.get(key, (0, 0)), units.get(key, (0, 0))
        if should != is_so:
            differences.append(f"{key}: held, shipped should be {should}, are {is_so}")
            more = sum(is_so) - sum(should)
            verdict.doubled_units += max(more, 0)
            verdict.lost_units += max(-more, 0) if more else 1
    _explain(verdict, "units", differences)


def _compare_shops(
    verdict: Verdict, setting: Setting, database: Database, rakuten: Rakuten
) -> None:
    available = queries.available_units(database)
    differences = []
    for row in queries.mapped_listings(database):
        rule = rule_of(setting, row.store)
        should = shown_by(rule, available.get(row.sku, 0))
        shows = rakuten.shops[row.store].quantity(row.item, row.variant)
        if shows != should:
            place = f"{row.store} {row.item}/{row.variant} ({row.sku})"
            differences.append(f"{place} shows {shows}, should show {should}")
    verdict.shops_wrong = len(differences)
    _explain(verdict, "shop", differences)


def shown_by(rule: Rule, available: int) -> int:
    """What the rules make of so many available units, counted anew."""
    units = max(0, available - (rule.safety_units or 0))
    if rule.share_percent is not None:
        units = math.floor(units * rule.share_percent / 100)
    if rule.cap_units is not None and units > rule.cap_units:
        units = rule.cap_units
    if rule.floor_units is not None and units < rule.floor_units:
        units = 0
    return min(units, MOST_UNITS)


def _measure(verdict: Verdict, setting: Setting, database: Database) -> None:
    waited: dict[str, list[float]] = defaultdict(list)
    outcomes: Counter[str] = Counter()
    for push in queries.pushes(database, since=setting.opens_at):
        outcomes[push.outcome] += 1
        if push.outcome == "delivered" and push.waited_s is not None:
            waited[push.store].append(push.waited_s)
            waited[EVERY_STORE].append(push.waited_s)
    verdict.freshness = {store: freshness(waited[store]) for store in sorted(waited)}
    verdict.outcomes = dict(sorted(outcomes.items()))
    verdict.drifts = queries.drifts(database)


def freshness(waited_s: Sequence[float]) -> Freshness:
    """The figures of some waits, at least one."""
    ordered = sorted(waited_s)
    p50, p99 = (ordered[math.ceil(len(ordered) * share) - 1] for share in (0.5, 0.99))
    return Freshness(len(ordered), round(p50, 1), round(p99, 1), round(ordered[-1], 1))


def _explain(verdict: Verdict, kind: str, found: Iterable[object]) -> None:
    verdict.wrong += [f"{kind}: {one}" for one in list(found)[:_SHOWN]]
