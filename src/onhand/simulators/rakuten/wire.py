"""What goes over the wire: a request, an answer, or a connection that is lost."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl

import msgspec

JST = timezone(timedelta(hours=9))
JSON_TYPE = "application/json;charset=UTF-8"
HTML_TYPE = "text/html; charset=UTF-8"


class Request(msgspec.Struct, frozen=True):
    """An HTTP request: `path` without the query and percent-decoded, header names in lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = {}
    body: bytes = b""

    def parameters(self) -> list[tuple[str, str]]:
        """The query's parameters in their order, decoded."""
        return parse_qsl(self.query, keep_blank_values=True)

    def header(self, name: str) -> str:
        """A header's value, or nothing."""
        return self.headers.get(name, "")


class Response(msgspec.Struct, frozen=True):
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""

    def json(self) -> object:
        """The body read as JSON."""
        return msgspec.json.decode(self.body)


class Lost(msgspec.Struct, frozen=True):
    """No answer: the client sees a timeout or a dropped connection.

    `effect_done` tells whether the request had its effect; with `hang_s` the server stays silent
    for so many seconds before it drops the connection.
    """

    effect_done: bool
    hang_s: float = 0.0


Outcome = Response | Lost


class Answer(Exception):
    """Ends the handling of a request with this response."""

    def __init__(self, response: Response) -> None:
        """`response` is sent as it is."""
        super().__init__(response.status)
        self.response = response


def ok(document: object, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(status, {"content-type": JSON_TYPE}, msgspec.json.encode(document))


def empty() -> Response:
    """204, as inventory writes are answered."""
    return Response(204)


def html(status: int, title: str) -> Response:
    """The page of a proxy or of the maintenance, which is no JSON."""
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Response(status, {"content-type": HTML_TYPE}, page.encode())


def order_time(moment: datetime | None) -> str | None:
    """A moment as the order API writes it: `2026-11-01T09:12:33+0900`."""
    return None if moment is None else f"{moment.astimezone(JST):%Y-%m-%dT%H:%M:%S%z}"


def item_time(moment: datetime) -> str:
    """A moment as the item and inventory APIs write it: `2026-11-01T09:12:33+09:00`."""
    return moment.astimezone(JST).isoformat(timespec="seconds")
