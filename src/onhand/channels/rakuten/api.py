"""Asking RMS WEB SERVICE one thing: keys, pace, the right headers, and a decoded answer."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import quote

import httpx
import msgspec

from onhand.channels.errors import ChannelError, ChannelProtocolError
from onhand.channels.http import Call, Reply, Wire, retry_after_s
from onhand.channels.port import Pace
from onhand.channels.rakuten.complaints import (
    Complaint,
    is_about_the_key,
    judge,
    read_complaints,
)
from onhand.channels.rakuten.functions import Function
from onhand.channels.rakuten.settings import RakutenKeys, RakutenOptions

# Order API: without the charset, HTTP 415 (low confidence); items and inventories accept it too.
JSON_TYPE = "application/json; charset=utf-8"
LONGEST_REQUEST_ID = 64

Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply and the two moments of our clock it lies between."""

    function: Function
    reply: Reply
    sent_at: datetime
    received_at: datetime

    @property
    def complaints(self) -> tuple[Complaint, ...]:
        """What the shop objects to."""
        return read_complaints(self.reply.body)


class RakutenApi:
    """One shop's keys on one connection; errors it raises never hold a key."""

    def __init__(
        self,
        keys: RakutenKeys,
        options: RakutenOptions,
        *,
        pace: Pace,
        clock: Callable[[], datetime],
        transport: httpx.BaseTransport | None,
    ) -> None:
        """Nothing is sent yet; ValueError when the base URL is none."""
        pair = f"{keys.service_secret}:{keys.license_key}".encode()
        token = base64.b64encode(pair).decode()
        self.license_key = keys.license_key
        # Authentication page: "ESA " and base64 of secret, colon, licence key, without line ends.
        self._headers = {"Authorization": f"ESA {token}"}
        plain = {keys.license_key, keys.service_secret, token}
        self._secrets = sorted(plain | {quote(key, safe="") for key in plain}, key=len)[::-1]
        self._pace = pace
        self._clock = clock
        self._wire = Wire(options.base_url, timeouts=options.timeouts, transport=transport)

    def send(
        self,
        function: Function,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> Answer:
        """Wait for one's turn, send, and give the answer whatever its status.

        Raises ChannelUnavailable or ChannelProtocolError when no whole answer came.
        """
        headers = self._headers if body is None else self._headers | {"Content-Type": JSON_TYPE}
        call = Call(
            function.name,
            function.method,
            function.path,
            query=query or {},
            headers=headers,
            body=None if body is None else msgspec.json.encode(body),
            writes=function.writes,
        )
        self._pace(function.name)
        sent_at = self._clock()
        reply = self._wire.send(call)
        return Answer(function, reply, sent_at, self._clock())

    def ask(
        self,
        function: Function,
        decode: Callable[[bytes], Shape],
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> tuple[Shape, Answer]:
        """Send, insist on HTTP 200 without a complaint about the whole, and decode.

        A complaint about one order (`orderNumber`) is left to the caller. Raises any ChannelError.
        """
        answer = self.send(function, query=query, body=body)
        complaints = answer.complaints
        whole = any(not complaint.order_number for complaint in complaints)
        if answer.reply.status != 200 or whole or is_about_the_key(complaints):
            raise self.error(answer)
        return self.decoded(answer, decode), answer

    def decoded(self, answer: Answer, decode: Callable[[bytes], Shape]) -> Shape:
        """The body in the shape `decode` gives it; ChannelProtocolError when it has another."""
        try:
            return decode(answer.reply.body)
        except (msgspec.DecodeError, RecursionError) as error:
            # Names place and type, not the value; a web page is judged as such.
            detail = str(error) or type(error).__name__
        if answer.reply.is_html:
            raise self.error(answer)
        raise self.not_understood(answer, detail)

    def error(self, answer: Answer) -> ChannelError:
        """What an answer other than the hoped-for one amounts to."""
        wait = retry_after_s(answer.reply.headers, answer.received_at)
        clean = self.without_keys
        found = judge(
            answer.function, answer.reply, answer.complaints, retry_after=wait, clean=clean
        )
        return self._signed(found, answer)

    def not_understood(self, answer: Answer, detail: str) -> ChannelProtocolError:
        """The answer is of a kind that Rakuten is not known to give."""
        found = ChannelProtocolError(answer.function.name, f"not understood: {detail}")
        self._signed(found, answer)
        return found

    def close(self) -> None:
        """Let go of connections."""
        self._wire.close()

    def _signed(self, error: ChannelError, answer: Answer) -> ChannelError:
        """The error with Rakuten's `RequestId`, for its support desk, and without any key."""
        request_id = self.without_keys(answer.reply.headers.get("requestid", "").strip())
        reason = self.without_keys(error.reason)
        if request_id.isascii() and request_id.isprintable() and request_id:
            reason = f"{reason} (RequestId {request_id[:LONGEST_REQUEST_ID]})"
        error.reason = reason
        error.args = (f"{error.function}: {reason}",)
        return error

    def without_keys(self, text: str) -> str:
        """The text with the shop's keys blotted out, should an answer have quoted one."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text
