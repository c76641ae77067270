"""The audit trail and the feed."""

import csv
import io

import pytest

from onhand.web.api.audit import neutral
from tests.web.client import Api, cart


def test_every_write_is_in_the_audit_trail(shop: Api) -> None:
    shop.post("/inventory/reserve/cart", cart(), headers={"Idempotency-Key": "k-1"})

    newest, *_ = shop.get("/audit/logs")["entries"]

    assert (newest["actor"], newest["action"], newest["subject"]) == (
        "admin",
        "Reserve",
        "cart:cart-1",
    )
    assert (newest["origin"], newest["idempotency_key"]) == ("192.0.2.7", "k-1")
    (before,), (after,) = newest["before"]["levels"], newest["after"]["levels"]
    assert (before["reserved"], after["reserved"]) == (0, 2)
    actions = [entry["action"] for entry in shop.get("/audit/logs")["entries"]]
    assert actions[:4] == ["Reserve", "Receive", "CreateSkus", "CreateToken"]


def test_the_audit_trail_is_searched_and_paged(shop: Api) -> None:
    def found(**wanted: object) -> list[str]:
        return [entry["action"] for entry in shop.get("/audit/logs", params=wanted)["entries"]]

    assert found(action="Receive") == ["Receive"]
    assert found(actor="nobody") == []
    assert found(text="ce1111", source="api") == ["Receive", "CreateSkus"]
    assert found(since="2030-01-01T00:00:00Z") == []
    first = shop.get("/audit/logs", params={"limit": 1})
    assert found(before=first["cursor"], limit=1) == ["CreateSkus"]
    shop.get("/audit/logs", params={"before": "rubbish"}, expect=422)
    shop.get("/audit/logs", params={"limit": 0}, expect=422)
    shop.get("/audit/logs", params={"price": 1}, expect=422)


def test_the_export_holds_every_entry_and_no_formula(shop: Api) -> None:
    shop.post("/inventory/reserve/cart", cart() | {"cart_id": "=1+1"})
    shop.post("/tokens", {"name": '=HYPERLINK("x")', "scope": "viewer"}, expect=201)

    answer = shop.send("GET", "/audit/logs.csv")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["action"] for row in rows][:2] == ["CreateToken", "Reserve"]
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "@"))]


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1"])
def test_a_formula_is_made_text(cell: str) -> None:
    assert neutral(cell) == "'" + cell


def test_ordinary_text_stays() -> None:
    assert neutral("cart:=1") == "cart:=1"
    assert neutral("") == ""


def test_the_feed_is_followed_without_gap_or_repetition(shop: Api) -> None:
    for number in range(5):
        shop.post("/inventory/reserve/cart", cart(number, quantity=1))

    seen: list[int] = []
    cursor = None
    while True:
        wanted = {"limit": 2} | ({"after": cursor} if cursor else {})
        page = shop.get("/feed", params=wanted)
        seen += [event["seq"] for event in page["events"]]
        cursor = page["cursor"]
        if not page["more"]:
            break
    assert seen == [1, 2, 3, 4, 5, 6]
    assert shop.get("/feed", params={"after": cursor})["events"] == []
    for rubbish in ("x", "1", "-1-1", "9" * 19 + "-1"):
        shop.get("/feed", params={"after": rubbish}, expect=422)
