"""How many requests a token may send: both ways through, owners apart, to the request."""

from dataclasses import replace

import pytest

from onhand.access.model import EnvironmentName, Principal, Scope
from onhand.access.pace import Pace
from onhand.bootstrap.settings import Settings
from tests.web.client import Api, cart
from tests.web.conftest import NewApi

SHOP = Principal("shop", Scope.RESERVE, EnvironmentName.TEST, None, "tok_1")


class Ticks:
    """Nanoseconds that pass when they are told to."""

    def __init__(self) -> None:
        """Begin somewhere."""
        self.now = 123_456_789

    def __call__(self) -> int:
        """The moment."""
        return self.now

    def advance(self, seconds: int) -> None:
        """Let seconds pass."""
        self.now += seconds * 1_000_000_000


class TestOverHttp:
    """The API with six requests a minute for each token."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        """Few requests."""
        return settings.model_copy(update={"token_requests_per_minute": 6})

    def test_whoever_answers_counts_once_and_refuses(self, shop: Api, new_api: NewApi) -> None:
        till = new_api("reserve")
        till.get("/inventory/ce1111")
        till.post("/inventory/reserve/cart", cart())
        till.post("/inventory/reserve/cart", {**cart(2), "lines": []}, expect=422)
        till.get("/skus")
        till.get("/tokens", expect=403)
        till.get("/inventory/ce1111")

        for answer in (
            till.send("GET", "/inventory/ce1111"),
            till.send("POST", "/inventory/reserve/cart", json=cart(3)),
            till.send("GET", "/skus"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
            assert answer.json()["per_minute"] == 6
            assert 0 < int(answer.headers["retry-after"]) <= 10
        assert shop.get("/inventory/ce1111")["reserved"] == 2


def waits(pace: Pace, number: int, principal: Principal = SHOP) -> list[int]:
    """How long each of so many requests has to wait; 0: it was taken."""
    found = [pace.take(principal) for _ in range(number)]
    return [0 if one is None else one.retry_after_s for one in found]


def test_a_minutes_requests_may_come_at_once_and_come_back_steadily() -> None:
    ticks = Ticks()
    pace = Pace(3, clock=ticks)

    assert waits(pace, 5) == [0, 0, 0, 20, 20]
    ticks.advance(19)
    assert waits(pace, 1) == [1]
    ticks.advance(41)
    assert waits(pace, 4) == [0, 0, 0, 20]


def test_owners_and_tokens_have_allowances_of_their_own() -> None:
    pace = Pace(1, clock=Ticks())

    assert waits(pace, 2) == [0, 60]
    for owner in ("ann", "bob"):
        assert waits(pace, 2, replace(SHOP, bound_owner=owner)) == [0, 60]
    assert waits(pace, 1, replace(SHOP, token_id="tok_2")) == [0]


@pytest.mark.parametrize("number", [1, 7, 60, 1001])
def test_every_number_is_allowed_in_full_and_no_more(number: int) -> None:
    assert waits(Pace(number, clock=Ticks()), number + 1) == [0] * number + [-(-60 // number)]


def test_zero_counts_nothing() -> None:
    assert waits(Pace(0), 3) == [0, 0, 0]


def test_whoever_came_last_is_remembered() -> None:
    pace = Pace(1, clock=Ticks(), most_remembered=2)
    one, two, three = (replace(SHOP, token_id=f"tok_{number}") for number in range(3))
    for principal in (one, two, three):
        assert waits(pace, 1, principal) == [0]

    assert waits(pace, 1, three) == [60]
    assert waits(pace, 1, one) == [0]
