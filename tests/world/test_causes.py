"""Why units were oversold, from what was known and told when."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from onhand.simulators.rakuten import buy
from onhand.world.causes import (
    NOT_KNOWN,
    NOT_TAKEN,
    NOT_TOLD,
    UNEXPLAINED,
    Place,
    oversold_by_cause,
)
from onhand.world.queries import Told
from onhand.world.recount import count_truth
from onhand.world.setting import START
from onhand.world.turns import Turns
from tests.world.test_recount import SKU, goods, open_shops, wait

SOLD_AGAIN_S = 40.0


def told(settled_s: float, *, is_delivered: bool = True) -> Mapping[Place, Sequence[Told]]:
    """A push to `west` of what `east` sold, settled so many seconds after the start."""
    since, until = (START + timedelta(seconds=seconds) for seconds in (11, settled_s))
    return {("west", "mug"): [Told(since, until, is_delivered)]}


@pytest.mark.parametrize(
    ("learned_s", "pushes", "causes"),
    [
        (SOLD_AGAIN_S + 900, {}, {NOT_KNOWN: 2}),
        (SOLD_AGAIN_S - 5, {}, {NOT_KNOWN: 2}),
        (11, told(SOLD_AGAIN_S + 1), {NOT_TOLD: 2}),
        (11, told(SOLD_AGAIN_S - 1, is_delivered=False), {NOT_TAKEN: 2}),
        (11, told(SOLD_AGAIN_S - 1), {UNEXPLAINED: 2}),
        (11, {}, {UNEXPLAINED: 2}),
    ],
)
def test_the_cause_of_an_oversale(
    learned_s: float, pushes: Mapping[Place, Sequence[Told]], causes: dict[str, int]
) -> None:
    turns = Turns(START)
    rakuten, east, west = open_shops(turns)
    wait(turns, 10)
    first = buy(east, "east-mug", SKU, 3)
    assert first is not None
    wait(turns, SOLD_AGAIN_S - 10)
    buy(west, "west-mug", SKU, 3)
    learned = {("east", first): START + timedelta(seconds=learned_s)}

    truth = count_truth(rakuten, [goods(4)], {})

    assert oversold_by_cause(truth, rakuten, learned, pushes) == causes
