"""The demo's goods are restocked where its shops sell them, and nowhere else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from onhand.bootstrap import demo
from onhand.bootstrap.environment import Environment, first_start, open_environments
from onhand.bootstrap.settings import Settings
from onhand.catalog.commands.listings import take_catalogue_page
from onhand.channels.port import ChannelListing, ListingKey
from onhand.jobs.commands.leases import hold_many
from onhand.jobs.demo import restock
from onhand.jobs.model import Key, Record, TaskState
from onhand.jobs.registry import JobContext
from onhand.jobs.task_run import TaskRun
from onhand.stock.model.commands import Caller, Command, Deduct, Line
from onhand.stock.model.events import Reference, ReferenceType
from onhand.stock.queries.history import HistoryFilter, history
from onhand.stock.queries.levels import read_levels
from tests.shop import FakeClock

GOODS = ("ce1111", "tea-4003", "lp-7001", "kn3001", "mug-8001", "tw2001")


@pytest.fixture
def test(tmp_path: Path, clock: FakeClock) -> Iterator[Environment]:
    """The environment `test` with the demo, whose shops list some of its goods."""
    onhand = open_environments(Settings(onhand_home=tmp_path), clock=clock)
    first_start(onhand)
    listed = [ChannelListing(ListingKey(code, "v"), "", (code,)) for code in GOODS[:5]]
    with onhand.test.database.begin() as connection:
        take_catalogue_page(connection, "tokyo-bags", listed, clock())
    yield onhand.test
    onhand.close()


def units(environment: Environment) -> dict[str, int]:
    """What is available of the goods."""
    with environment.database.read() as connection:
        levels = read_levels(connection, GOODS, now=environment.clock())
    return {code: levels[code].available for code in GOODS}


def sell(environment: Environment, **left: int) -> None:
    """Sell all but so many."""
    have = units(environment)
    codes = {name.replace("_", "-"): number for name, number in left.items()}
    for code, number in codes.items():
        ask = Deduct(Reference(ReferenceType.ORDER, code), (Line(code, have[code] - number),))
        environment.ledger.execute([Command(Caller("till"), ask)])
    assert units(environment) == have | codes


def run(environment: Environment) -> tuple[str, ...]:
    """Restock once."""
    return demo.restock(environment.database, environment.ledger, now=environment.clock())


def test_the_emptiest_are_received_first_and_a_few_at_a_time(test: Environment) -> None:
    assert run(test) == ()
    sell(test, ce1111=9, tea_4003=0, lp_7001=1, kn3001=3, mug_8001=0, tw2001=0)

    assert run(test) == ("tea-4003", "lp-7001", "kn3001")
    found = units(test)
    assert [found[code] for code in GOODS] == [9, 12, 9, 18, 0, 0]
    assert run(test) == ("ce1111",)
    assert run(test) == ()
    with test.database.read() as connection:
        newest, *_ = history(connection, "ce1111", HistoryFilter()) or []
    assert (newest.kind, newest.on_hand_change, newest.reason, newest.source) == (
        *("received", 38, "delivery of the demo", "system"),
    )


def test_live_is_left_alone(tmp_path: Path, clock: FakeClock) -> None:
    onhand = open_environments(Settings(onhand_home=tmp_path), clock=clock)
    first_start(onhand)
    demo.fill(onhand.live.database, onhand.live.ledger, clock=clock)
    demo.open_stores(onhand.live.database, onhand.live.vault, now=clock())
    listed = [ChannelListing(ListingKey("tea-4003", "v"), "", ("TEA-4003",))]
    with onhand.live.database.begin() as connection:
        take_catalogue_page(connection, "tokyo-bags", listed, clock())
    sell(onhand.live, tea_4003=0)
    (lease,) = hold_many(onhand.live.database, ["x"], "test", seconds=60, clock=clock)
    record = Record("x", Key("demo.restock", None), TaskState.RUNNING, None, clock())
    context = JobContext(onhand.live, None, TaskRun(record, lease, lambda: False), clock)

    assert restock(context).done == 0
    assert units(onhand.live)["tea-4003"] == 0
    onhand.close()
