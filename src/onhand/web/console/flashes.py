"""What was just done, told on the next page, with the way to undo it.

It travels in a cookie, signed so that only our own words are ever shown.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from typing import Literal

import msgspec

from onhand.access.model.people import csrf_token

Tone = Literal["success", "info", "warning", "danger"]
_MOST_BYTES = 3_500  # of a cookie


@dataclass(frozen=True, slots=True)
class Undo:
    """How a flash offers to take back what was done: a form to `action` with these fields."""

    action: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Flash:
    """One message; `link` is (address, text)."""

    text: str
    tone: Tone = "success"
    undo: Undo | None = None
    link: tuple[str, str] | None = None


def pack(flashes: list[Flash], secret: str) -> str:
    """The messages as a cookie's value; the oldest give way when they are too long."""
    while flashes:
        body = base64.urlsafe_b64encode(msgspec.json.encode(flashes)).decode()
        if len(body) <= _MOST_BYTES:
            return f"{body}.{_sign(body, secret)}"
        flashes = flashes[1:]
    return ""


def unpack(value: str, secret: str) -> list[Flash]:
    """The messages of a cookie; none if it is not ours."""
    body, _, signature = value.partition(".")
    if not signature or not hmac.compare_digest(signature.encode(), _sign(body, secret).encode()):
        return []
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(body), type=list[Flash])
    except (binascii.Error, msgspec.DecodeError):
        return []


def _sign(body: str, secret: str) -> str:
    return csrf_token(f"{secret} {body}")
