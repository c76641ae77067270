"""A small client that asks an ASGI application and checks what every answer must have."""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx
from starlette.types import ASGIApp

from onhand.access.authenticate import Authenticator
from onhand.access.model import EnvironmentName
from onhand.access.secrets import Vault, new_secret_key
from onhand.bootstrap.environment import Environment
from onhand.bootstrap.shops import Shops, Wiring
from onhand.db.database import Database
from onhand.db.grouping import Grouped
from onhand.stock.commands import Ledger
from onhand.stock.model.commands import Policy
from onhand.stock.queries.levels import LevelView, read_levels
from tests.shop import FakeClock

PREFIX = "/api/v1"
VAULT = Vault([new_secret_key()])


def environment_over(name: EnvironmentName, database: Database, clock: FakeClock) -> Environment:
    """An environment on a database the test chose."""
    ledger = Ledger(database, clock=clock, policy=Policy())

    def read(codes: Sequence[str]) -> list[LevelView | None]:
        with database.read() as connection:
            levels = read_levels(connection, codes, now=clock())
        return [levels.get(code) for code in codes]

    return Environment(
        name=name,
        database=database,
        ledger=ledger,
        writes=Grouped(f"test-writes-{name}", ledger.execute_grouped),
        reads=Grouped(f"test-reads-{name}", read),
        authenticator=Authenticator(database, name, clock),
        vault=VAULT,
        shops=Shops(database, VAULT, clock, Wiring("http://127.0.0.1:9")),  # nobody is there
        clock=clock,
        previews_kept=timedelta(days=30),
    )


class Api:
    """Asks one application with one token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        """Every request carries the token unless it brings headers of its own."""
        self.app = app
        self.token = token
        self._runner = asyncio.Runner()
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, client=("192.0.2.7", 1234)),
            base_url="http://onhand.test",
        )

    def __enter__(self) -> "Api":
        """Closed when the block ends."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Leave no loop behind."""
        self.close()

    def close(self) -> None:
        """Leave no loop behind."""
        self._runner.run(self._client.aclose())
        self._runner.close()

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """The raw answer to a request, checked for what every answer has."""
        headers = {"Authorization": f"Bearer {self.token}", **request.pop("headers", {})}
        outside = path == "/" or path.startswith(("/health", "/docs", "/openapi"))
        url = path if outside else PREFIX + path
        wanted = {name: value for name, value in headers.items() if value is not None}
        answer = self._runner.run(self._client.request(method, url, headers=wanted, **request))
        assert answer.headers["x-request-id"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"]
        if answer.status_code >= 400:
            check_problem(answer)
        return answer

    def ask(self, method: str, path: str, *, expect: int = 200, **request: Any) -> Any:
        """The JSON answer to a request that must end with this status."""
        answer = self.send(method, path, **request)
        assert answer.status_code == expect, answer.text
        return answer.json()

    def get(self, path: str, *, expect: int = 200, **request: Any) -> Any:
        """The JSON answer to a GET."""
        return self.ask("GET", path, expect=expect, **request)

    def post(self, path: str, body: Any = None, *, expect: int = 200, **request: Any) -> Any:
        """The JSON answer to a POST of a JSON body."""
        sent = request if body is None else {"json": body, **request}
        return self.ask("POST", path, expect=expect, **sent)

    def put(self, path: str, body: Any, *, expect: int = 200, **request: Any) -> Any:
        """The JSON answer to a PUT of a JSON body."""
        return self.ask("PUT", path, expect=expect, json=body, **request)

    def patch(self, path: str, body: Any, *, expect: int = 200, **request: Any) -> Any:
        """The JSON answer to a PATCH of a JSON body."""
        return self.ask("PATCH", path, expect=expect, json=body, **request)

    def delete(self, path: str, *, expect: int = 200, **request: Any) -> Any:
        """The JSON answer to a DELETE."""
        return self.ask("DELETE", path, expect=expect, **request)

    def units(self, sku: str = "ce1111") -> tuple[int, int]:
        """On hand and reserved."""
        level = self.get(f"/inventory/{sku}")
        return level["on_hand"], level["reserved"]


def check_problem(answer: httpx.Response) -> None:
    """Every refusal is problem details, complete and in agreement with its status line."""
    assert answer.headers["content-type"] == "application/problem+json"
    problem = json.loads(answer.content)
    assert {"type", "title", "status", "detail", "code"} <= problem.keys()
    assert problem["status"] == answer.status_code
    assert problem["type"] == f"/docs/errors#{problem['code']}"
    assert problem["title"]
    assert problem["detail"]
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"].startswith("Bearer")
    if answer.status_code == 503:
        assert int(answer.headers["retry-after"]) > 0
    if answer.status_code == 405:
        assert answer.headers["allow"]


def cart(number: int = 1, *, quantity: Any = 2, **more: Any) -> dict[str, Any]:
    """The body that holds units of `ce1111` for a cart."""
    lines = [{"sku": "ce1111", "quantity": quantity}]
    return {"cart_id": f"cart-{number}", "lines": lines, **more}


def order(number: int = 1, *, quantity: Any = 2, **more: Any) -> dict[str, Any]:
    """The body that holds, ships or returns units of `ce1111` of an order."""
    lines = [{"sku": "ce1111", "quantity": quantity}]
    return {"order_id": f"order-{number}", "lines": lines, **more}
