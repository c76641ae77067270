"""Trying a store's keys at its shop: a typed answer, whatever comes of it."""

import time
from datetime import datetime
from enum import StrEnum

import msgspec

from onhand.bootstrap.environment import Environment
from onhand.channels.errors import (
    ChannelAuthExpired,
    ChannelError,
    ChannelProtocolError,
    ChannelRateLimited,
    ChannelUnavailable,
)


class Trouble(StrEnum):
    """Why a connection does not work."""

    AUTH_EXPIRED = "auth_expired"  # the shop does not accept the keys, or there are none
    UNAVAILABLE = "unavailable"
    RATE_LIMITED = "rate_limited"
    NOT_UNDERSTOOD = "not_understood"
    REFUSED = "refused"


class ConnectionTest(msgspec.Struct, frozen=True):
    """Whether a store's keys work, and until when (None: they do not end, or nobody says).

    Where they do not, `function` is what was called and `reason` what the shop answered.
    """

    store: str
    works: bool
    expires_at: datetime | None
    trouble: Trouble | None
    function: str | None
    reason: str | None
    tested_at: datetime
    took_s: float


def try_keys(environment: Environment, store_id: str) -> ConnectionTest:
    """Ask the shop whether the store's keys work; no transaction is open meanwhile.

    Raises:
        UnknownStore: there is no such store.
        DatabaseUnavailable: the keys could not be read.
    """
    tested_at, began = environment.clock(), time.monotonic()
    expires_at: datetime | None = None
    failure: ChannelError | None = None
    try:
        with environment.shops.connected(store_id) as channel:
            expires_at = channel.check().expires_at
    except ChannelError as error:
        failure = error
    return ConnectionTest(
        store=store_id,
        works=failure is None,
        expires_at=expires_at,
        trouble=None if failure is None else _trouble(failure),
        function=None if failure is None else failure.function,
        reason=None if failure is None else failure.reason,
        tested_at=tested_at,
        took_s=round(time.monotonic() - began, 3),
    )


def _trouble(error: ChannelError) -> Trouble:
    match error:
        case ChannelAuthExpired():
            return Trouble.AUTH_EXPIRED
        case ChannelUnavailable():
            return Trouble.UNAVAILABLE
        case ChannelRateLimited():
            return Trouble.RATE_LIMITED
        case ChannelProtocolError():
            return Trouble.NOT_UNDERSTOOD
        case _:
            return Trouble.REFUSED
