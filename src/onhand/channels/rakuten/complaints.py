"""What Rakuten says when it refuses: three envelopes, read leniently, and the error each deserves.

The envelopes are `errors[]` (items, inventories, expired keys), `MessageModelList[]` (orders) and
`Results` (a function that is not enabled). Which of them an expired key yields on the order API is
not known, so all are read everywhere, in this order.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import msgspec

from onhand.channels.errors import (
    ChannelAuthExpired,
    ChannelError,
    ChannelProtocolError,
    ChannelRateLimited,
    ChannelUnavailable,
    ListingRejected,
)
from onhand.channels.http import Reply
from onhand.channels.rakuten.functions import Function

# GA0001: seen live with HTTP 401 when a key expired; ES01-01 with low confidence.
KEY_REFUSED = frozenset({"GA0001", "ES01-01"})
NOT_ENABLED = "ES04-01"  # low confidence: public code of one working application
CONFLICT = "CE0001"  # "conflict with another process, try again shortly"
READ_ONLY = "GE0017"  # writes are refused during maintenance
SHOP_TROUBLE = frozenset({"GE0019", "X0000"})
MOST_REASONS = 5
LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing the shop objects to; `order_number` and `row` where it says whose fault it is."""

    code: str
    message: str
    order_number: str | None = None
    row: int | None = None

    def __str__(self) -> str:
        """Code and message, as far as there are such."""
        return " ".join(part for part in (self.code, self.message) if part)


class _Envelope(msgspec.Struct):
    errors: object = None
    messages: object = msgspec.field(name="MessageModelList", default=None)
    results: object = msgspec.field(name="Results", default=None)


_decode_envelope = msgspec.json.Decoder(_Envelope).decode


def read_complaints(body: bytes) -> tuple[Complaint, ...]:
    """Everything an answer objects to, whichever envelope it uses; nothing if it is none."""
    try:
        envelope = _decode_envelope(body)
    except (msgspec.DecodeError, RecursionError):
        return ()
    found = [_from_error(entry) for entry in _dicts(envelope.errors)]
    found += [
        _from_message(entry)
        for entry in _dicts(envelope.messages)
        if str(entry.get("messageType")).upper() == "ERROR"
    ]
    if isinstance(envelope.results, dict) and envelope.results.get("errorCode"):
        results = envelope.results
        found.append(Complaint(_text(results.get("errorCode")), _text(results.get("message"))))
    return tuple(found)


def judge(
    function: Function,
    reply: Reply,
    complaints: tuple[Complaint, ...],
    *,
    retry_after: float | None,
    clean: Callable[[str], str],
) -> ChannelError:
    """The error that an answer other than the one hoped for amounts to.

    `clean` takes the keys out of what the shop said.
    """
    reason = f"HTTP {reply.status}: {clean(_words(reply, complaints))[:LONGEST_REASON]}"
    codes = {complaint.code for complaint in complaints}
    if NOT_ENABLED in codes:
        enable = f"in RMS, tick the function {function.permission} for this key"
        return ChannelAuthExpired(function.name, f"{reason}; {enable}")
    # 403 is in no table; like 401 it asks for a person.
    if codes & KEY_REFUSED or reply.status in {401, 403}:
        return ChannelAuthExpired(function.name, reason)
    if reply.status == 429:
        return ChannelRateLimited(function.name, reason, retry_after_s=retry_after)
    if _is_trouble(reply, codes):
        refused = codes & {CONFLICT, READ_ONLY} and reply.status < 500
        return ChannelUnavailable(
            function.name,
            reason,
            retry_after_s=retry_after,
            maybe_done=function.writes and not refused,
        )
    if complaints and (reply.status < 300 or reply.status >= 400):
        rows = [complaint.row for complaint in complaints if complaint.row is not None]
        return ListingRejected(function.name, reason, row=rows[0] if rows else None)
    return ChannelProtocolError(function.name, reason)


def is_about_the_key(complaints: Iterable[Complaint]) -> bool:
    """Whether an answer, whatever its status, says that the key is not accepted."""
    return any(c.code in KEY_REFUSED or c.code == NOT_ENABLED for c in complaints)


def _is_trouble(reply: Reply, codes: set[str]) -> bool:
    # A web page instead of data comes from a gateway or a maintenance notice, with any status.
    page = reply.is_html and reply.status < 300
    known = bool(codes & (SHOP_TROUBLE | {CONFLICT, READ_ONLY}))
    return reply.status >= 500 or reply.status in {408, 409} or page or known


def _words(reply: Reply, complaints: tuple[Complaint, ...]) -> str:
    said = [str(complaint) for complaint in complaints[:MOST_REASONS]]
    if len(complaints) > MOST_REASONS:
        said.append(f"and {len(complaints) - MOST_REASONS} more")
    words = "; ".join(said)
    if not words:
        # An answer may hold a buyer's name, so what is not an error message is not repeated.
        size = len(reply.body)
        words = "a web page" if reply.is_html else f"an answer of {size} bytes not understood"
    return words


def _from_error(entry: Mapping[str, object]) -> Complaint:
    """An item or inventory error; a `propertyPath` like `inventories[3].quantity` names a row."""
    metadata = entry.get("metadata")
    path = _text(metadata.get("propertyPath")) if isinstance(metadata, dict) else ""
    place = re.match(r"inventories\[(\d{1,6})\]", path)
    message = _text(entry.get("message"))
    return Complaint(
        _text(entry.get("code")),
        f"{message} ({path})" if path else message,
        row=int(place[1]) if place else None,
    )


def _from_message(entry: Mapping[str, object]) -> Complaint:
    number = entry.get("orderNumber")
    return Complaint(
        _text(entry.get("messageCode")),
        _text(entry.get("message")),
        order_number=number if isinstance(number, str) and number else None,
    )


def _dicts(value: object) -> list[dict[str, object]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return _printable(value) if isinstance(value, str) else ""


def _printable(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
