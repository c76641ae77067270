"""The simulator against the reference: the way in.

Each test says how well its fact is known: A official text or recorded exchange, B several
independent clients, C one source, D inference, U unknown (then a knob or a labelled choice).
"""

from datetime import timedelta
from typing import Any

import pytest

from onhand.simulators.rakuten import (
    Envelope,
    Knobs,
    LimitAnswer,
    Window,
)
from tests.simulators.calls import (
    READ,
    SEARCH,
    START,
    TODAY,
    Bench,
    code,
)

PURCHASES = "/es/2.0/purchaseItem/getOrderItem/"
EXPIRY = "/es/1.0/license-management/license-key/expiry-date"
EVERY_KIND: tuple[tuple[str, object], ...] = (
    (SEARCH, TODAY),
    (READ, {"inventories": []}),
    (PURCHASES, {}),
)


@pytest.mark.parametrize(
    "header", ["", "Bearer x", "ESA ***", "ESA eDp5", "ESA U1AtRkFLRS1UT0tZTy1CQUdTOng="]
)
def test_c_missing_or_wrong_keys_are_401_ga0001(bench: Bench, header: str) -> None:
    """(C, live 2026-08) `errors[]` with GA0001, on every API."""
    for path, body in EVERY_KIND:
        assert code(bench.ask("POST", path, body, authorization=header)) == (401, "GA0001")


def test_u_an_expired_key_is_told_in_any_of_three_envelopes(bench: Bench) -> None:
    """(U) which envelope: a knob."""
    bench.shop.expire_key()
    documents: list[Any] = []
    for envelope in Envelope:
        bench.rakuten.knobs.auth_envelope = envelope
        answer = bench.ask("POST", SEARCH, TODAY)
        assert answer.status == 401
        documents.append(answer.json())

    assert [next(iter(one)) for one in documents] == ["errors", "Results", "MessageModelList"]
    assert documents[1]["Results"]["errorCode"] == "ES01-01"


def test_b_a_key_lasts_90_days_and_ends_with_the_day_in_japan(bench: Bench) -> None:
    """(A/B) GET expiry-date answers Japanese time without a zone; (C) day 90 counts."""
    target = f"{EXPIRY}?licenseKey={bench.shop.license_key}"
    assert bench.ask("GET", target).json() == {"expiryDate": "2027-02-20T23:59:59"}

    bench.clock.now = START.replace(year=2027, month=2, day=20, hour=14, minute=59)
    assert bench.ask("GET", target).status == 200
    bench.clock.wait(60)
    assert bench.ask("GET", target).status == 401
    bench.shop.renew_key()
    assert bench.ask("GET", f"{EXPIRY}?licenseKey={bench.shop.license_key}").status == 200


def test_b_functions_are_ticked_on_one_by_one(bench: Bench) -> None:
    """(B) per-function permission; (C) ES04-01 in `Results` on the order API."""
    bench.shop.deny("order.searchOrder", "items.search")
    refused: Any = bench.ask("POST", SEARCH, TODAY).json()

    assert refused["Results"]["errorCode"] == "ES04-01"
    assert code(bench.items()) == (401, "GA0001")
    bench.shop.allow("items.search")
    assert bench.items().status == 200


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", ""])
def test_c_order_calls_without_charset_are_415(bench: Bench, content_type: str) -> None:
    """(C) 415 with ES04-03; (A) the space after the semicolon is fine."""
    answer = bench.ask("POST", SEARCH, TODAY, content_type=content_type)
    document: Any = answer.json()
    assert (answer.status, document["Results"]["errorCode"]) == (415, "ES04-03")


def test_a_charset_with_and_without_space(bench: Bench) -> None:
    """(A) a live recording had the space."""
    for content_type in ("application/json; charset=utf-8", "application/json;charset=UTF-8"):
        assert bench.ask("POST", SEARCH, TODAY, content_type=content_type).status == 200


def test_c_paths_that_do_not_exist(bench: Bench) -> None:
    """(C) item/getItems is 404; (A) GE0007 below a service; (A) 405 is a documented status."""
    for path in ("/es/2.0/item/getItems", "/es/2.0/inventory/set", "/"):
        assert bench.ask("GET", path).status == 404
    for path in ("/es/2.0/items/tote-canvas", "/es/2.0/items/bulk_get", "/es/2.1/inventories/x"):
        assert code(bench.ask("GET", path)) == (400, "GE0007")
    assert bench.ask("GET", SEARCH).status == 405


def test_a_headers_of_every_answer(bench: Bench) -> None:
    """(A, 2020) RequestId, Timestamp in UTC without zone, the content type with charset."""
    answer = bench.ask("POST", SEARCH, TODAY)
    other = bench.ask("POST", SEARCH, TODAY)

    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    assert answer.headers["timestamp"].startswith("2026-11-22T03:00:")
    assert answer.headers["requestid"] != other.headers["requestid"]


@pytest.mark.parametrize("answer", [LimitAnswer.TOO_MANY, LimitAnswer.UNAVAILABLE])
@pytest.mark.parametrize("retry_after_s", [None, 7])
def test_u_calls_beyond_the_limit(answer: LimitAnswer, retry_after_s: int | None) -> None:
    """(C) items.search 5 a second; (U) status and Retry-After are knobs."""
    bench = Bench(Knobs(limit_answer=answer, limit_retry_after_s=retry_after_s))
    start = bench.clock.now
    answers = []
    for _ in range(6):
        bench.clock.now = start
        answers.append(bench.items())

    assert [one.status for one in answers] == [200] * 5 + [int(answer)]
    assert answers[-1].headers.get("retry-after") == (str(retry_after_s) if retry_after_s else None)
    assert bench.items().status == 200


def test_d_maintenance_is_503_with_a_page(bench: Bench) -> None:
    """(B) announced windows, of all services or some; (D) a body that is no JSON."""
    hour = timedelta(hours=1)
    window = Window(bench.clock.now, bench.clock.now + hour, ("inventories",))
    bench.rakuten.knobs.maintenance = [window]
    answer = bench.ask("POST", READ, {"inventories": []})

    assert (answer.status, answer.headers["content-type"][:9]) == (503, "text/html")
    assert bench.ask("POST", SEARCH, TODAY).status == 200
    bench.clock.wait(3_600)
    assert bench.read(("tote-canvas", "BK-L")) == {("tote-canvas", "BK-L"): 10}
