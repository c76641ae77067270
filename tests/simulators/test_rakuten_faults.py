"""Faults on demand and by chance, and what they leave behind."""

import json
from typing import Any

import msgspec
import pytest

from onhand.simulators.rakuten import (
    EntryKind,
    Envelope,
    Fault,
    FaultKind,
    Lost,
    Request,
    Response,
    buy,
)
from tests.simulators.calls import SEARCH, TODAY, WRITE, Bench, code

LARGE = ("tote-canvas", "BK-L")
WRITES = "inventories.bulk.upsert"


def send_write(bench: Bench, units: int) -> Response | Lost:
    """A relative write whose outcome may be nothing."""
    row = {"manageNumber": LARGE[0], "variantId": LARGE[1], "mode": "RELATIVE", "quantity": units}
    headers = {"authorization": bench.shop.authorization, "content-type": "application/json"}
    return bench.send(
        Request("POST", WRITE, "", headers, json.dumps({"inventories": [row]}).encode())
    )


@pytest.mark.parametrize("is_done", [False, True])
def test_an_answer_is_lost_before_or_after_the_effect(bench: Bench, is_done: bool) -> None:
    bench.rakuten.faults.plan(Fault(kind=FaultKind.LOST, function=WRITES, after=is_done))

    assert send_write(bench, -1) == Lost(effect_done=is_done)
    assert bench.shop.quantity(*LARGE) == (9 if is_done else 10)
    assert isinstance(send_write(bench, -1), Response)


def test_a_write_lands_late(bench: Bench) -> None:
    bench.rakuten.faults.plan(Fault(kind=FaultKind.LATE, function=WRITES, delay_s=30))
    assert send_write(bench, -4) == Lost(effect_done=False)
    assert buy(bench.shop, *LARGE, 1) is not None
    assert bench.shop.quantity(*LARGE) == 9
    bench.clock.wait(30)

    assert bench.shop.quantity(*LARGE) == 5
    written = bench.shop.ledger()[-1]
    assert written.kind is EntryKind.WRITTEN
    assert written.received_at is not None
    assert (written.at - written.received_at).total_seconds() == 30


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("kind", [FaultKind.ERROR, FaultKind.HTML])
def test_a_server_error_before_or_after_the_effect(
    bench: Bench, kind: FaultKind, is_done: bool
) -> None:
    bench.rakuten.faults.plan(Fault(kind=kind, status=502, after=is_done))
    outcome = send_write(bench, -1)

    assert isinstance(outcome, Response)
    assert outcome.status == 502
    assert (b"<html>" in outcome.body) == (kind is FaultKind.HTML)
    assert bench.shop.quantity(*LARGE) == (9 if is_done else 10)


def test_half_of_a_body(bench: Bench) -> None:
    bench.rakuten.faults.plan(Fault(kind=FaultKind.TRUNCATED))
    answer = bench.items()

    assert answer.status == 200
    with pytest.raises(msgspec.DecodeError):
        answer.json()


def test_refusals_that_pass(bench: Bench) -> None:
    plan = bench.rakuten.faults.plan
    plan(Fault(kind=FaultKind.LIMITED))
    plan(Fault(kind=FaultKind.LIMITED, retry_after_s=3))
    plan(Fault(kind=FaultKind.MAINTENANCE))
    plan(Fault(kind=FaultKind.CONFLICT))
    plan(Fault(kind=FaultKind.READ_ONLY))
    plan(Fault(kind=FaultKind.KEY_EXPIRED, envelope=Envelope.RESULTS))
    plan(Fault(kind=FaultKind.ERROR, code="GE0019"))
    answers = [bench.write((*LARGE, "ABSOLUTE", 1)) for _ in range(8)]

    assert [one.status for one in answers] == [429, 429, 503, 409, 400, 401, 500, 204]
    assert [one.headers.get("retry-after") for one in answers[:2]] == [None, "3"]
    assert [code(answers[one])[1] for one in (3, 4, 6)] == ["CE0001", "GE0017", "GE0019"]
    assert b"ES01-01" in answers[5].body


def test_pages_in_disorder_and_twice(bench: Bench) -> None:
    numbers = [buy(bench.shop, *LARGE, 1) for _ in range(8)]
    bench.rakuten.faults.plan(Fault(kind=FaultKind.REORDERED, function="order.*"))
    bench.rakuten.faults.plan(Fault(kind=FaultKind.REPEATED, function="order.*"))
    reordered = bench.post(SEARCH, TODAY)["orderNumberList"]
    repeated = bench.post(SEARCH, TODAY)["orderNumberList"]

    assert reordered != numbers
    assert sorted(reordered) == numbers
    assert repeated == numbers * 2


def test_pages_that_never_end(bench: Bench) -> None:
    bench.rakuten.faults.by_chance(Fault(kind=FaultKind.ENDLESS), 1.0)
    marks = {"*"}
    mark = "*"
    for _ in range(20):
        answer: Any = bench.items(cursorMark=mark).json()
        mark = answer["nextCursorMark"]
        assert mark not in marks
        assert answer["results"]
        marks.add(mark)


def test_only_what_fits_is_spoilt(bench: Bench) -> None:
    other = bench.rakuten.open_shop("osaka-bags")
    bench.rakuten.faults.plan(Fault(kind=FaultKind.LOST, function="items.*", shop=other.code))

    assert bench.items().status == 200
    assert bench.post(SEARCH, TODAY)["orderNumberList"] == []
    headers = {"authorization": other.authorization}
    assert bench.send(Request("GET", "/es/2.0/items/search", "", headers)) == Lost(False)


def test_chance_is_the_seeds() -> None:
    def outcomes(seed: int) -> list[bool]:
        bench = Bench(seed=seed)
        bench.rakuten.faults.by_chance(Fault(kind=FaultKind.LOST, after=True), 0.5)
        return [isinstance(send_write(bench, 1), Lost) for _ in range(40)]

    assert outcomes(1) == outcomes(1) != outcomes(2)
    assert 10 < sum(outcomes(1)) < 30


def test_a_shops_clock_may_be_wrong() -> None:
    bench = Bench(skew_s=-5)
    number = buy(bench.shop, *LARGE, 1)
    assert number is not None

    assert bench.order(number)["orderDatetime"] == "2026-11-22T12:00:05+0900"
    sold = bench.shop.ledger()[-1]
    assert sold.at == bench.shop.order(number).placed_at
    assert (sold.at - bench.shop.order(number).ordered_at).total_seconds() == 5
