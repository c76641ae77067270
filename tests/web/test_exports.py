"""Exports over HTTP: who may, which file comes, and how it breaks off."""

import asyncio
import re
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.types import Message

from onhand.bootstrap.environment import Onhand
from onhand.db.database import Database
from onhand.web.api.exports import MOST_AT_ONCE
from onhand.web.app import create_app
from tests.imports.exports.books import fill_events, read_csv, read_xlsx
from tests.web.client import PREFIX, Api
from tests.web.conftest import NewApi
from tests.web.test_server import running

KINDS = ("levels", "events", "listings", "orders")


def test_every_export_opens_anywhere(shop: Api) -> None:
    for kind in KINDS:
        answer = shop.send("GET", f"/export/{kind}")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        name = rf'attachment; filename="{kind}-\d{{8}}-\d{{6}}\.csv"'
        assert re.fullmatch(name, answer.headers["content-disposition"])
        text = read_csv(answer.content)
        (sheet,) = read_xlsx(shop.send("GET", f"/export/{kind}?format=xlsx").content)
        assert sheet[0] == text[0]
        assert len(sheet) == len(text)
    assert read_csv(shop.send("GET", "/export/levels").content)[1][:4] == [
        *("CE1111", "丸い急須", "main", "10"),
    ]


def test_columns_and_moments_are_the_readers(shop: Api) -> None:
    wanted = {"lang": "ja", "tz": "Asia/Tokyo", "encoding": "cp932"}
    answer = shop.send("GET", "/export/events", params=wanted)

    assert answer.headers["content-type"] == "text/csv; charset=Shift_JIS"
    assert answer.headers["replaced-characters"] == "0"
    assert int(answer.headers["content-length"]) == len(answer.content)
    names, received = read_csv(answer.content, "cp932")
    assert names[:3] == ["SKU", "連番", "発生日時"]
    assert received[2] == "2026-03-01T21:00:00+09:00"
    plus = shop.send("GET", "/export/events?tz=+09:00&lang=zh")
    assert read_csv(plus.content)[1][2] == received[2]
    shop.post("/skus", {"sku": "smile", "name": "😀"}, expect=201)
    levels = shop.send("GET", "/export/levels", params={"encoding": "cp932"})
    assert levels.headers["replaced-characters"] == "1"


def test_what_is_wanted_can_be_chosen(shop: Api) -> None:
    def rows(path: str) -> list[list[str]]:
        return read_csv(shop.send("GET", f"/export/{path}").content)[1:]

    shop.put("/inventory/ce1111/threshold", {"low_stock_threshold": 10})
    shop.post("/skus", {"sku": "other"}, expect=201)
    shop.post("/inventory/receive", {"lines": [{"sku": "other", "quantity": 1}]})
    assert [row[0] for row in rows("levels?low=true")] == ["CE1111"]
    assert [row[0] for row in rows("levels?search=OTH")] == ["other"]
    assert rows("levels?location=annex")[0][2:5] == ["annex", "0", "10"]
    assert len(rows("events?sku=CE1111")) == 1
    assert rows("events?since=2030-01-01T00:00:00Z") == []
    assert rows("orders?store=nowhere&until=2030-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("levels?format=xlsx&encoding=cp932", 422),
        ("levels?format=pdf", 422),
        ("levels?tz=Tokyo", 422),
        ("levels?lang=fr", 422),
        ("levels?store=tokyo", 422),
        ("events?since=yesterday", 422),
        ("prices", 404),
    ],
)
def test_what_cannot_be_is_refused_before_the_first_byte(shop: Api, path: str, status: int) -> None:
    assert shop.send("GET", f"/export/{path}").status_code == status


def test_who_may(new_api: NewApi, shop: Api) -> None:
    viewer, operator = new_api("viewer"), new_api("operator")
    for kind in ("levels", "listings", "orders"):
        assert viewer.send("GET", f"/export/{kind}").status_code == 200
    # As the history of a SKU does, they say who did what.
    assert viewer.get("/export/events", expect=403)["code"] == "insufficient_scope"
    assert operator.send("GET", "/export/events").status_code == 200


def test_the_document_names_both_files(api: Api) -> None:
    paths = api.get("/openapi.json")["paths"]
    for kind in KINDS:
        content = paths[f"{PREFIX}/export/{kind}"]["get"]["responses"]["200"]["content"]
        assert [media_type.partition("+")[0].rpartition(".")[2] for media_type in content] == [
            *("text/csv", "sheet"),
        ]


class Reader:
    """Asks the application for one file, by hand: it sees each message that is sent."""

    def __init__(self, onhand: Onhand, api: Api, path: str) -> None:
        """Nothing is asked yet."""
        self._app = create_app(onhand)
        self._headers = [(b"authorization", f"Bearer {api.token}".encode())]
        self._path = f"{PREFIX}/export/{path}"
        self.sent: list[Message] = []

    async def read(self, *, after_first: Callable[[], None], leaves: bool = False) -> None:
        """Take what comes; after the first part of the body do something, or leave."""
        gone = asyncio.Event()

        async def receive() -> Message:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            self.sent.append(message)
            if len(self.sent) == 2:
                await asyncio.to_thread(after_first)
                if leaves:
                    gone.set()
                    await asyncio.sleep(60)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": self._path,
            "raw_path": self._path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": self._headers,
            "client": ("192.0.2.7", 1),
            "server": ("onhand.test", 80),
        }
        await self._app(scope, receive, send)

    @property
    def is_whole(self) -> bool:
        """Whether the answer was told to be at its end."""
        return not self.sent[-1].get("more_body", True)


def test_a_reader_who_leaves_leaves_nothing_open(
    shop: Api, onhand: Onhand, database: Database
) -> None:
    shop.post("/skus", {"sku": "bulk"}, expect=201)
    fill_events(database, 6_000)
    for _ in range(MOST_AT_ONCE + 1):
        reader = Reader(onhand, shop, "events")
        asyncio.run(reader.read(after_first=lambda: None, leaves=True))
        assert not reader.is_whole
    pool: Any = database.engine.pool
    assert pool.checkedout() == 0
    whole = Reader(onhand, shop, "events")
    asyncio.run(whole.read(after_first=lambda: None))
    assert whole.is_whole


def test_too_many_at_once_are_told_to_wait(shop: Api, onhand: Onhand, database: Database) -> None:
    shop.post("/skus", {"sku": "bulk"}, expect=201)
    fill_events(database, 6_000)

    async def stalled(number: int) -> None:
        if number == 0:
            answer = await asyncio.to_thread(shop.send, "GET", "/export/events")
            assert (answer.status_code, answer.json()["code"]) == (503, "export_busy")
            return
        reader = Reader(onhand, shop, "events")
        await reader.read(after_first=lambda: asyncio.run(stalled(number - 1)))
        assert reader.is_whole

    asyncio.run(stalled(MOST_AT_ONCE))
    assert shop.send("GET", "/export/events").status_code == 200


def end_connection(postgres_url: str) -> None:
    """Have the server end the connection that is in the middle of a transaction."""
    url = postgres_url.replace("postgresql://", "postgresql+psycopg://")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")  # a transaction sees no news
    end = sa.text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND state = 'idle in transaction'"
    )
    with engine.connect() as connection:
        for _ in range(500):
            if connection.execute(end).scalar_one() == 1:
                break
            threading.Event().wait(0.02)
        else:
            pytest.fail("nobody was in the middle of a transaction")
    engine.dispose()


@pytest.mark.slow
class TestOnPostgres:
    """What only a server that goes away can show."""

    @pytest.fixture
    def database(self, postgres_database: Database) -> Database:
        """The other dialect has no connection that could be ended from outside."""
        return postgres_database

    def test_an_error_on_the_way_breaks_the_answer_off(
        self, shop: Api, onhand: Onhand, database: Database, postgres_url: str
    ) -> None:
        shop.post("/skus", {"sku": "bulk"}, expect=201)
        fill_events(database, 6_000)
        reader = Reader(onhand, shop, "events")

        asyncio.run(reader.read(after_first=lambda: end_connection(postgres_url)))

        assert reader.sent[0]["status"] == 200
        assert not reader.is_whole
        assert shop.send("GET", "/export/events").status_code == 200

    def test_a_client_sees_the_answer_broken_off(
        self, shop: Api, onhand: Onhand, database: Database, postgres_url: str
    ) -> None:
        shop.post("/skus", {"sku": "bulk"}, expect=201)
        fill_events(database, 120_000)  # more than sockets keep for a reader who waits
        headers = {"Authorization": f"Bearer {shop.token}"}
        with (
            running(onhand) as (url, _),
            httpx.Client(base_url=url, headers=headers, timeout=20) as client,
            client.stream("GET", f"{PREFIX}/export/events") as answer,
        ):
            parts = answer.iter_raw()
            next(parts)
            end_connection(postgres_url)
            with pytest.raises(httpx.RemoteProtocolError):
                list(parts)
