"""One HTTP request to a shop and its whole answer; what goes wrong becomes a typed error.

It stands on httpx's transports, not on its client: nothing is redirected, no cookie is kept, no
proxy or certificate is taken from the environment, and no address is logged (httpx logs each
address, and a shop may want a key in its query).
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from onhand.channels.errors import ChannelError, ChannelProtocolError, ChannelUnavailable

MOST_BODY_BYTES = 64 * 1024 * 1024
LONGEST_WAIT_S = 86_400.0

# The transport's errors that can only happen before anything of a request has left.
UNSENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
# Shorter than what servers keep a silent connection open, so that a request is not lost with it.
KEPT_OPEN_S = 3.0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long each part of a call may take, in seconds; `whole_s` bounds reading the answer."""

    connect_s: float = 5.0
    write_s: float = 15.0
    read_s: float = 30.0
    whole_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Call:
    """One request; `function` is the shop's name of it, `writes` that it may change something."""

    function: str
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    writes: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: status, headers (looked up in any case) and body, decompressed."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def is_html(self) -> bool:
        """Whether a web page came instead of data: a gateway's or a maintenance page."""
        kind = self.headers.get("content-type", "").lower()
        return "html" in kind or self.body.lstrip()[:1] == b"<"


class Wire:
    """The connection to one shop's host; for one thread at a time."""

    def __init__(
        self,
        base_url: str,
        *,
        timeouts: Timeouts,
        transport: httpx.BaseTransport | None = None,
        most_bytes: int = MOST_BODY_BYTES,
    ) -> None:
        """`transport` replaces the network, `most_bytes` bounds an answer.

        Raises ValueError when the base URL is none.
        """
        self._base_url = _checked(base_url)
        self._transport = transport or httpx.HTTPTransport(
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=1, keepalive_expiry=KEPT_OPEN_S),
        )
        self._whole_s = timeouts.whole_s
        self._most_bytes = most_bytes
        self._timeouts = {
            "connect": timeouts.connect_s,
            "pool": timeouts.connect_s,
            "read": timeouts.read_s,
            "write": timeouts.write_s,
        }

    def send(self, call: Call) -> Reply:
        """Send it once and read the whole answer, whatever its status.

        Raises ChannelUnavailable when no whole answer came (`maybe_done` of a write is False only
        when nothing can have left), ChannelProtocolError when the answer is too large.
        """
        failure: ChannelError
        try:
            response = self._transport.handle_request(self._request(call))
            try:
                body = self._read(response, time.monotonic() + self._whole_s)
            finally:
                response.close()
            if body is not None:
                return Reply(response.status_code, response.headers, body)
            failure = ChannelProtocolError(
                call.function, f"the answer is larger than {self._most_bytes} bytes"
            )
        except UNSENT as error:
            failure = ChannelUnavailable(call.function, f"not reached: {_describe(error)}")
        except (httpx.HTTPError, _OverdueError) as error:
            failure = ChannelUnavailable(
                call.function, f"no whole answer: {_describe(error)}", maybe_done=call.writes
            )
        # Raised out here so that it holds no reference to the request, which carries the keys.
        raise failure

    def close(self) -> None:
        """Let go of connections."""
        self._transport.close()

    def _request(self, call: Call) -> httpx.Request:
        return httpx.Request(
            call.method,
            self._base_url + call.path,
            params=dict(call.query) or None,
            headers={"Accept": "application/json", "Accept-Encoding": "gzip", **call.headers},
            content=call.body,
            extensions={"timeout": self._timeouts},
        )

    def _read(self, response: httpx.Response, overdue: float) -> bytes | None:
        parts: list[bytes] = []
        size = 0
        for part in response.iter_bytes():
            size += len(part)
            if size > self._most_bytes:
                return None
            if time.monotonic() > overdue:
                raise _OverdueError(f"it took more than {self._whole_s:g} s")
            parts.append(part)
        return b"".join(parts)


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds a `Retry-After` asks to wait, as number or date (RFC 9110); at most a day."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_WAIT_S)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), LONGEST_WAIT_S)


class _OverdueError(Exception):
    """The answer trickles in for longer than we wait."""


def _describe(error: Exception) -> str:
    # The library's words for a request it refuses to send may quote a header.
    words = "" if isinstance(error, httpx.LocalProtocolError) else str(error)
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _checked(base_url: str) -> str:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        url = httpx.URL()
    is_address = url.scheme in {"http", "https"} and url.host and (url.port or 80) < 65_536
    if not is_address or url.query or url.userinfo:
        message = "the base URL must be http(s)://host[:port] without query and user"
        raise ValueError(message)
    return base_url.rstrip("/")
