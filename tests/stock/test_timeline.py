"""A SKU's stock over time: steps that agree with the level at every moment (S5, S10)."""

from bisect import bisect_right
from datetime import datetime, timedelta

import pytest

from onhand.stock.queries.levels import level_as_of
from onhand.stock.queries.timeline import Stretch, Timeline, timeline
from tests.shop import START, FakeClock, Shop, cart, reserve
from tests.stock.lively import SKUS, live

HOUR = timedelta(hours=1)


def read(shop: Shop, code: str, stretch: Stretch) -> Timeline | None:
    with shop.database.snapshot() as connection:
        return timeline(connection, code, stretch, now=shop.clock())


def units_at(found: Timeline, at: datetime) -> tuple[int, int, int]:
    """What the steps show at a moment."""
    point = found.points[bisect_right([point.at for point in found.points], at) - 1]
    return point.on_hand, point.reserved, point.available


@pytest.mark.parametrize("points", [1000, 12, 3])
def test_steps_are_levels_at_those_moments(shop: Shop, clock: FakeClock, points: int) -> None:
    live(shop, clock, seed=4, asks=140)
    now = clock()
    merged = 0
    for code in SKUS[:6]:
        for since, until in (
            (START - HOUR, now),
            (START + 200 * HOUR, now - 100 * HOUR),
            (now - 60 * HOUR, now),
        ):
            found = read(shop, code, Stretch(since, until, points))
            if found is None:  # removed
                continue
            assert (found.points[0].at, found.points[-1].at) == (since, until)
            assert len(found.points) <= points
            moments = [point.at for point in found.points]
            assert moments == sorted(set(moments))
            merged += found.events > points
            with shop.database.snapshot() as connection:
                for point in found.points:
                    level = level_as_of(connection, code, point.at)
                    assert level is not None
                    units = (level.on_hand, level.reserved, level.available)
                    assert units == (point.on_hand, point.reserved, point.available)
                if found.events < points - 2:
                    for n in range(6):
                        at = since + (until - since) * n / 6
                        level = level_as_of(connection, code, at)
                        assert level is not None
                        units = (level.on_hand, level.reserved, level.available)
                        assert units == units_at(found, at)
    assert (merged > 0) is (points < 1000)


def test_a_hold_ends_although_nobody_swept(shop: Shop, clock: FakeClock) -> None:
    shop.register(a=5)
    shop.do(reserve(cart(), a=2))
    ends = clock() + timedelta(minutes=30)
    clock.advance(7200)
    found = read(shop, "a", Stretch(START - HOUR, clock()))
    assert found is not None
    steps = [(point.at, point.on_hand, point.reserved) for point in found.points]
    assert steps == [(START - HOUR, 0, 0), (START, 5, 2), (ends, 5, 0), (clock(), 5, 0)]
    assert read(shop, "nobody", Stretch(START, clock())) is None


@pytest.mark.parametrize(
    ("since", "until", "points"),
    [(START, START, 10), (START - HOUR, START + HOUR, 10), (START - HOUR, START, 2)],
)
def test_what_is_no_stretch_is_refused(
    shop: Shop, since: datetime, until: datetime, points: int
) -> None:
    with pytest.raises(ValueError, match=r"since must come|the points are"):
        read(shop, "a", Stretch(since, until, points))
