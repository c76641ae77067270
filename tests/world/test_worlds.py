"""Worlds with misfortunes and crashes come out right, the same each time; a wrong one tells."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from onhand.simulators.rakuten import edit_stock_by_hand
from onhand.world.freshness import ideal_waits, measure_burst
from onhand.world.play import NotEmptyError, World, play
from onhand.world.recount import count_truth
from onhand.world.setting import Setting
from onhand.world.verdict import judge

HOUR = 1 / 24
SMALL = Setting(home=Path(), days=HOUR, skus=6, orders_per_hour=10)
BUSY = replace(SMALL, seed=3, days=3 * HOUR, faults=True, crashes=12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 21])
def test_nothing_is_lost_or_doubled_by_faults_and_crashes(
    url: str, tmp_path: Path, seed: int
) -> None:
    verdict = play(replace(BUSY, home=tmp_path, url=url, seed=seed))

    assert verdict.wrong == []
    assert verdict.is_right
    assert verdict.put_back == 0
    assert verdict.crashes == BUSY.crashes
    assert verdict.orders > 20
    assert verdict.faults


@pytest.mark.slow
def test_a_seed_replays_exactly(tmp_path: Path) -> None:
    setting = replace(BUSY, days=HOUR, crashes=5)
    verdicts = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        verdicts.append(play(replace(setting, home=tmp_path / name)))

    assert verdicts[0] == verdicts[1]
    assert verdicts[0].is_right


@pytest.mark.slow
def test_the_verdict_finds_what_is_wrong(tmp_path: Path) -> None:
    world = World(replace(SMALL, home=tmp_path))
    setting = world.setting
    try:
        assert world.play().is_right
        environment = world.process.environment
        assert environment is not None
        truth = count_truth(world.rakuten, world.trade.book, world.trade.web_orders)

        truth.orders.add(("tokyo-shop", "never-seen"))
        verdict = judge(setting, environment.database, world.rakuten, truth)
        assert (verdict.lost, verdict.doubled, verdict.is_right) == (1, 0, False)

        truth.orders -= {("tokyo-shop", "never-seen"), min(truth.orders)}
        verdict = judge(setting, environment.database, world.rakuten, truth)
        assert (verdict.lost, verdict.doubled, verdict.is_right) == (0, 1, False)

        key, (held, shipped) = next(
            item for item in sorted(truth.units.items()) if sum(item[1]) > 1
        )
        truth.units[key] = (held + 2, shipped)
        verdict = judge(setting, environment.database, world.rakuten, truth)
        assert (verdict.lost_units, verdict.doubled_units) == (2, 0)
        del truth.units[key]
        verdict = judge(setting, environment.database, world.rakuten, truth)
        assert (verdict.lost_units, verdict.doubled_units) == (0, held + shipped)

        shop = world.rakuten.shops["osaka-shop"]
        item, variant, _ = shop.catalogue()[0]
        edit_stock_by_hand(shop, item, variant, 777)
        verdict = judge(setting, environment.database, world.rakuten, truth)
        assert verdict.shops_wrong == 1
        assert any("777" in line for line in verdict.wrong)
    finally:
        world.close()


def test_a_world_wants_a_database_of_its_own(url: str, tmp_path: Path) -> None:
    world = World(replace(SMALL, home=tmp_path, url=url))
    world.close()

    with pytest.raises(NotEmptyError):
        World(replace(SMALL, home=tmp_path, url=url))


def test_a_new_process_works_whatever_was_to_happen_while_there_was_none(tmp_path: Path) -> None:
    world = World(replace(SMALL, home=tmp_path))
    try:
        world.pass_time(timedelta(minutes=5))
        world.process.die()
        world.process.stir()
        calls = world.network.calls.total()
        world.pass_time(timedelta(minutes=20))
        assert world.process.environment is not None
        assert world.network.calls.total() > calls
    finally:
        world.close()


@pytest.mark.slow
def test_only_the_naive_push_sells_units_again_that_were_sold(tmp_path: Path) -> None:
    setting = replace(SMALL, seed=5, days=4 * HOUR, skus=3, orders_per_hour=20)
    verdicts = {}
    for baseline in (False, True):
        home = tmp_path / str(baseline)
        home.mkdir()
        verdicts[baseline] = play(replace(setting, home=home, baseline=baseline))

    assert verdicts[False].put_back == 0 < verdicts[True].put_back
    assert verdicts[False].oversold < verdicts[True].oversold
    assert verdicts[False].oversold == sum(verdicts[False].oversold_by.values())


def test_the_ideal_schedule_fills_every_call() -> None:
    waits = list(ideal_waits(1000))

    assert len(waits) == 1000
    assert waits[399] == waits[0] < 1
    assert waits[400] == waits[0] + 1
    assert waits[-1] == waits[0] + 2


@pytest.mark.slow
def test_a_burst_reaches_every_shop_at_the_pace_of_its_limits(tmp_path: Path) -> None:
    burst = measure_burst(Setting(home=tmp_path, skus=900, stores=2))

    assert burst.measured.pushes == 2 * 900
    assert burst.calls == 2 * 3
    assert 1 <= burst.most_ratio < 2.5
