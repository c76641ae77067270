"""Z11: one of two stores fails to push; it alone is retried."""

import itertools

import pytest

from onhand.simulators.rakuten import Fault, FaultKind
from tests.marketplace import Marketplace

UPSERT = "inventories.bulk.upsert"
FAILURES = {
    "conflict": Fault(kind=FaultKind.CONFLICT, shop="tokyo", function=UPSERT),
    "limited": Fault(kind=FaultKind.LIMITED, shop="tokyo", function=UPSERT, retry_after_s=7),
    "read only": Fault(kind=FaultKind.READ_ONLY, shop="tokyo", function=UPSERT),
    "maintenance": Fault(kind=FaultKind.MAINTENANCE, shop="tokyo", function=UPSERT),
    "lost before": Fault(kind=FaultKind.LOST, shop="tokyo", function=UPSERT),
    "lost after": Fault(kind=FaultKind.LOST, shop="tokyo", function=UPSERT, after=True),
    "page after": Fault(kind=FaultKind.HTML, shop="tokyo", function=UPSERT, after=True),
    "error before": Fault(kind=FaultKind.ERROR, shop="tokyo", function=UPSERT),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FAILURES)
def test_z11_only_the_failed_store_is_retried(marketplace: Marketplace, name: str) -> None:
    marketplace.offer(tote=10)
    marketplace.set_up()
    told = {code: marketplace.line.count("bulk-upsert", code) for code in ("tokyo", "osaka")}
    marketplace.rakuten.faults.plan(FAILURES[name])
    marketplace.goods.receive("tote", 5)
    marketplace.tick()
    assert marketplace.shown("tote")["osaka"] == 15
    assert marketplace.state("osaka", "tote").stale_at is None
    assert marketplace.state("osaka", "tote").failure is None

    marketplace.run_for(400, step=40)
    assert marketplace.shown("tote") == {"tokyo": 15, "osaka": 15}
    assert marketplace.line.count("bulk-upsert", "osaka") == told["osaka"] + 1
    had_effect = FAILURES[name].after
    assert marketplace.line.count("bulk-upsert", "tokyo") == told["tokyo"] + 2 - had_effect
    outcomes = [row.outcome for row in marketplace.pushes("osaka", "tote")]
    assert set(outcomes) == {"delivered"}
    failures = [task for task in marketplace.tasks("sync.push") if task.state == "failed"]
    assert {task.store_id for task in failures} == {"tokyo"}
    assert marketplace.store("osaka").status == marketplace.store("tokyo").status == "active"
    marketplace.check_whole()


def test_z11_every_failure_is_an_event_with_cause_attempt_and_store(
    marketplace: Marketplace,
) -> None:
    marketplace.offer(tote=10)
    marketplace.set_up()
    marketplace.rakuten.faults.plan(FAILURES["conflict"], times=3)
    marketplace.goods.receive("tote", 5)
    marketplace.run_for(60, step=10)
    events = marketplace.events("push_failed")
    assert [(event.sku, event.store) for event in events] == [("tote", "tokyo")] * 3
    for attempt, event in enumerate(events, 1):
        assert "CE0001" in (event.reason or "")
        assert f"attempt {attempt}" in (event.reason or "")
        assert (event.on_hand_change, event.reserved_change) == (0, 0)
    assert marketplace.shown("tote") == {"tokyo": 15, "osaka": 15}


@pytest.mark.slow
def test_z11_the_waits_grow_and_end_with_the_failure(marketplace: Marketplace) -> None:
    marketplace.offer(tote=10)
    marketplace.set_up()
    marketplace.rakuten.faults.plan(FAILURES["conflict"], times=5)
    marketplace.goods.receive("tote", 5)
    marketplace.run_for(90, step=1)
    moments = [row.settled_at for row in marketplace.pushes("tokyo", "tote")][-6:]
    gaps = [(after - before).total_seconds() for before, after in itertools.pairwise(moments)]
    assert len(gaps) == 5
    assert gaps[0] < 8
    assert gaps[-1] > 12
    state = marketplace.state("tokyo", "tote")
    assert (state.tries, state.failure, state.retry_at) == (0, None, None)
