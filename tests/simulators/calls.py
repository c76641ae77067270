"""A client of the simulated Rakuten as plain as can be, on a clock of its own."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from onhand.simulators.rakuten import (
    Item,
    Knobs,
    Lost,
    Rakuten,
    Request,
    Response,
    Shop,
    Variant,
)

START = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)  # noon in Japan
SEARCH = "/es/2.0/order/searchOrder/"
GET = "/es/2.0/order/getOrder/"
CONFIRM = "/es/2.0/order/confirmOrder/"
CANCEL = "/es/2.0/order/cancelOrder/"
SHIP = "/es/2.0/order/updateOrderShipping/"
ITEMS = "/es/2.0/items/search"
READ = "/es/2.0/inventories/bulk-get"
WRITE = "/es/2.0/inventories/bulk-upsert"
TODAY = {
    "dateType": 1,
    "startDatetime": "2026-11-22T00:00:00+0900",
    "endDatetime": "2026-11-22T23:59:59+0900",
}


class Clock:
    """Time that passes when it is told to."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Bench:
    """One shop with a tote in two sizes (10 and 3), a lone item (5), and its client."""

    def __init__(self, knobs: Knobs | None = None, *, seed: int = 1, skew_s: float = 0.0) -> None:
        self.clock = Clock()
        self.rakuten = Rakuten(self.clock, seed=seed, knobs=knobs)
        self.shop: Shop = self.rakuten.open_shop("tokyo-bags", skew_s=skew_s)
        totes = {
            "BK-L": Variant("TOTE-BK-L", {"カラー": "黒", "サイズ": "L"}),
            "BK-M": Variant("TOTE-BK-M", {"カラー": "黒", "サイズ": "M"}, restock_on_cancel=False),
        }
        self.shop.add_item(
            Item("Tote-Canvas", "帆布トート", totes, item_number="TOTE", image="/bags/tote.jpg"),
            {"BK-L": 10, "BK-M": 3},
        )
        lone = Item("lone", "風呂敷", {"normal-inventory": Variant()})
        self.shop.add_item(lone, {"normal-inventory": 5})
        self.clock.wait(10)

    def send(self, request: Request) -> Response | Lost:
        """Send it as it is, a little later."""
        self.clock.wait(1.1)
        return self.rakuten.handle(request)

    def ask(self, method: str, target: str, body: object = None, **headers: str) -> Response:
        """The answer to a call with this shop's keys; `target` may carry a query."""
        path, _, query = target.partition("?")
        given = {
            "authorization": self.shop.authorization,
            "content-type": "application/json; charset=utf-8",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        sent = b"" if body is None else json.dumps(body).encode()
        outcome = self.send(Request(method, path, query, given, sent))
        assert isinstance(outcome, Response), outcome
        return outcome

    def post(self, path: str, body: object) -> Any:
        """The document of a POST that succeeds."""
        answer = self.ask("POST", path, body)
        assert answer.status == 200, answer
        return answer.json()

    def items(self, **parameters: object) -> Response:
        """A call of items.search."""
        return self.ask("GET", f"{ITEMS}?{urlencode(parameters)}")

    def order(self, number: str) -> Any:
        """One order as getOrder shows it at version 7."""
        found = self.post(GET, {"orderNumberList": [number], "version": 7})
        (model,) = found["OrderModelList"]
        return model

    def write(self, *rows: tuple[str, str, str, int]) -> Response:
        """A bulk-upsert of rows (manageNumber, variantId, mode, quantity)."""
        names = ("manageNumber", "variantId", "mode", "quantity")
        inventories = [dict(zip(names, row, strict=True)) for row in rows]
        return self.ask("POST", WRITE, {"inventories": inventories})

    def read(self, *pairs: tuple[str, str]) -> dict[tuple[str, str], int]:
        """A bulk-get."""
        asked = [{"manageNumber": item, "variantId": variant} for item, variant in pairs]
        found = self.post(READ, {"inventories": asked})["inventories"]
        return {(row["manageNumber"], row["variantId"]): row["quantity"] for row in found}


def code(answer: Response) -> tuple[int, str]:
    """Status and error code of an item or inventory error."""
    document: Any = answer.json()
    return answer.status, document["errors"][0]["code"]


def told(answer: Response) -> tuple[int, str]:
    """Status and the code's last two parts of the order API's first message."""
    document: Any = answer.json()
    found: str = document["MessageModelList"][0]["messageCode"]
    kind = next(kind for kind in ("INFO", "ERROR") if f"_{kind}_" in found)
    return answer.status, kind + found.partition(f"_{kind}")[2]
