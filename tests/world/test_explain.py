"""The number of every listing is explained line by line, amid faults and after them (S11)."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from onhand.access.model import Actor, Asked
from onhand.bootstrap.environment import Environment
from onhand.bootstrap.shops import limits_of
from onhand.catalog.queries.listings import read_listing
from onhand.catalog.queries.stores import read_store
from onhand.stock.model.commands import Caller, Command, Line, Receive
from onhand.sync.commands.by_hand import push_anew
from onhand.sync.commands.claims import Terms, claim
from onhand.sync.commands.rules import set_rule
from onhand.sync.commands.settle import Outcome, Settlement, settle
from onhand.sync.model.rules import Rule
from onhand.sync.queries.explain import ListingExplanation, StepView, explain_listing
from onhand.world.play import World
from onhand.world.setting import Setting
from onhand.world.shops import UNREACHED, open_doors, sku_codes, store_ids
from tests.stock.recount import table

Row = Mapping[str, Any]


@dataclass
class Truth:
    """The raw rows behind the explanations."""

    levels: dict[str, dict[str, int]]
    held: dict[str, Counter[tuple[str, str]]]
    safety: dict[str, int]
    rules: dict[tuple[str, str], Row]
    pushes: dict[str, Row]
    listings: list[Row]


def read_truth(environment: Environment) -> Truth:
    database, now = environment.database, environment.clock()
    levels: dict[str, dict[str, int]] = defaultdict(dict)
    for row in table(database, "stock_level"):
        levels[row["sku_id"]][row["location_id"]] = row["on_hand"]
    held: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for row in table(database, "reservation"):
        ends = row["expires_at"]
        ends = datetime.fromisoformat(ends) if isinstance(ends, str) else ends
        if row["units_held"] and (ends is None or ends > now):
            held[row["sku_id"]][row["holder"], row["reference_type"]] += row["units_held"]
    return Truth(
        levels,
        held,
        {row["sku_id"]: row["safety_stock"] for row in table(database, "ledger_head")},
        {(row["store_id"], row["listing_id"]): row for row in table(database, "rule")},
        {row["listing_id"]: row for row in table(database, "listing_push")},
        [row for row in table(database, "listing") if row["sku_id"] is not None],
    )


def check(truth: Truth, listing: Row, found: ListingExplanation, most: int) -> None:
    """One explanation against the raw rows and the formula of the rule, written anew."""
    sku = listing["sku_id"]
    on_hand = {step.subject: step.change for step in found.steps if step.name == "on_hand"}
    assert on_hand == truth.levels[sku]
    reserved = {
        (step.subject, step.reference_type): -step.change
        for step in found.steps
        if step.name == "reserved"
    }
    assert reserved == truth.held[sku]
    available = sum(on_hand.values()) - sum(reserved.values())
    assert found.available == available
    (subtotal,) = [step for step in found.steps if step.name == "available"]
    assert (subtotal.change, subtotal.units) == (0, available)

    of_store: Row = truth.rules.get((listing["store_id"], ""), {})
    own: Row = truth.rules.get((listing["store_id"], listing["listing_id"]), {})

    def rule(name: str) -> int | None:
        value = own.get(name)
        return of_store.get(name) if value is None else value

    units = max(0, available - truth.safety[sku] - (rule("safety_units") or 0))
    units = units * (100 if (share := rule("share_percent")) is None else share) // 100
    for name in ("fixed_units", "cap_units"):
        units = min(units, most if (limit := rule(name)) is None else limit)
    units = 0 if units < (rule("floor_units") or 0) else min(units, most)
    assert adds_up(found.steps) == found.target == units

    push = truth.pushes[listing["listing_id"]]
    assert found.believed == push["belief"]
    assert adds_up(found.gap) == found.target
    assert found.gap[0] == StepView("believed", push["belief"] or 0, push["belief"] or 0)
    in_flight = [step for step in found.gap if step.name == "in_flight"]
    assert len(in_flight) == (push["push_id"] is not None)
    if in_flight and push["push_mode"] == "relative":
        assert in_flight[0].change == push["push_units"]


def adds_up(steps: list[StepView]) -> int:
    """The last line's units, which every line's change has led to."""
    units = 0
    for step in steps:
        units += step.change
        assert step.units == units
    return units


def check_all(environment: Environment, *, unsettled_only: bool = False) -> Counter[str]:
    """Explain listings; returns how often each line and standing was seen."""
    truth = read_truth(environment)
    seen: Counter[str] = Counter()
    now = environment.clock()
    for listing in truth.listings:
        push = truth.pushes[listing["listing_id"]]
        is_settled = push["stale_at"] is push["doubt"] is push["push_id"] is None
        if unsettled_only and is_settled:
            continue
        seen["listings"] += 1
        with environment.database.snapshot() as connection:
            view = read_listing(connection, listing["listing_id"])
            store = read_store(connection, listing["store_id"], now=now)
            assert view is not None
            assert store is not None
            most = limits_of(store.platform).most_units
            found = explain_listing(connection, view, store, most=most, now=now)
        check(truth, listing, found, most)
        seen.update({step.name for step in (*found.steps, *found.gap)})
        seen[f"is {found.standing}"] += 1
    return seen


@pytest.mark.slow
def test_every_number_of_a_thousand_listings_adds_up(url: str, tmp_path: Path) -> None:
    setting = Setting(
        home=tmp_path,
        url=url,
        seed=9,
        days=0.25,
        stores=4,
        skus=250,
        orders_per_hour=150,
        faults=True,
        crashes=4,
    )
    world = World(setting)
    seen: Counter[str] = Counter()
    unsettled: Counter[str] = Counter()
    try:
        _set_rules(opened(world), setting)
        world.pass_time(timedelta(minutes=20))
        seen += check_all(opened(world))
        world.pass_time(setting.opens_at - world.turns.now())
        open_doors(setting, world.rakuten)
        world.trade.open()
        world.network.unreached = UNREACHED
        world.crashes.plan(setting.crashes, setting.opens_at, until=setting.ends_at)
        world.pass_time(timedelta(minutes=43))
        seen += check_all(opened(world))
        _unsettle(opened(world), setting)
        unsettled += check_all(opened(world), unsettled_only=True)
    finally:
        world.close()

    assert seen["listings"] == 2 * 1000
    assert seen["reserved"] > 50
    assert {"believed", "share", "fixed", "cap", "floor", "store_safety"} <= seen.keys()
    assert seen["is right"] > 100
    assert unsettled["listings"] > 900
    assert {"in_flight", "queued", "is in_doubt", "is in_flight"} <= unsettled.keys()


def _set_rules(environment: Environment, setting: Setting) -> None:
    """A rule of its own for each store."""
    rules = (
        Rule(share_percent=50, floor_units=3),
        Rule(safety_units=2, share_percent=70),
        Rule(cap_units=12, floor_units=2),
        Rule(fixed_units=5),
    )
    asked = Asked(Actor("mei"), environment.clock())
    for store_id, rule in zip(store_ids(setting), rules, strict=True):
        set_rule(environment.database, asked, store_id, rule)


def _unsettle(environment: Environment, setting: Setting) -> None:
    """Goods come in; some pushes are on their way, of others nobody knows what came of them."""
    database, now = environment.database, environment.clock()
    goods = tuple(Line(code.lower(), 7) for code in sku_codes(setting))
    environment.ledger.execute([Command(Caller("mei"), Receive(goods))])
    push_anew(database, Asked(Actor("mei"), now), None)
    later = now + timedelta(hours=1)
    for store_id in store_ids(setting)[:2]:
        for settlement in (None, Settlement(Outcome.UNKNOWN, "no answer")):
            claimed = claim(database, store_id, Terms(rows=60, most_units=99_999), now=later)
            if settlement is not None:
                settle(environment.ledger, claimed, settlement, now=later)


def opened(world: World) -> Environment:
    """The environment of the process that lives now."""
    assert world.process.environment is not None
    return world.process.environment
