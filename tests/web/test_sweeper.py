"""Ended holds are recorded in the background."""

import asyncio

from onhand.bootstrap.environment import Onhand
from onhand.bootstrap.settings import Settings
from onhand.web.app import create_api
from onhand.web.sweeper import sweep, sweeping
from tests.shop import FakeClock
from tests.web.client import Api, cart


def test_a_sweep_records_what_is_due(shop: Api, onhand: Onhand, clock: FakeClock) -> None:
    shop.post("/inventory/reserve/cart", cart())

    assert asyncio.run(sweep(onhand.test)) == 0
    clock.advance(1800)
    assert asyncio.run(sweep(onhand.test)) == 1
    assert asyncio.run(sweep(onhand.test)) == 0
    event = shop.get("/events/ce1111")["events"][0]
    assert (event["kind"], event["actor"], event["source"]) == ("expired", "system", "system")


def test_the_server_sweeps_while_it_runs_and_stops_in_time(
    shop: Api, onhand: Onhand, clock: FakeClock
) -> None:
    shop.post("/inventory/reserve/cart", cart())
    clock.advance(1800)
    often = onhand.settings.model_copy(update={"sweep_interval_s": 0.01})

    async def run() -> int:
        async with sweeping(Onhand(often, live=onhand.live, test=onhand.test)):
            for _ in range(500):
                await asyncio.sleep(0.01)
                with onhand.test.database.read() as connection:
                    kinds = connection.exec_driver_sql(
                        "SELECT count(*) FROM stock_event WHERE kind = 'expired'"
                    ).scalar_one()
                if kinds:
                    return int(kinds)
        return 0

    assert asyncio.run(run()) == 1


def test_the_application_sweeps_from_start_to_end(onhand: Onhand, settings: Settings) -> None:
    app = create_api(onhand)

    async def run() -> int:
        async with app.router.lifespan_context(app):
            return len(asyncio.all_tasks()) - 1

    assert asyncio.run(run()) == 1
