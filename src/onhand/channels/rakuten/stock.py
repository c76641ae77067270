"""Reading and writing stock: InventoryAPI 2.0, bulk-get and bulk-upsert.

Both are synchronous. manageNumber is folded to lower case by the shop, variantId is case-sensitive
(one copy of the 2.0 bulk-upsert page says otherwise, every other page agrees with this).
"""

from collections.abc import Iterable, Sequence
from typing import Annotated

import msgspec

from onhand.channels.port import ListingKey, StockChange, StockReading
from onhand.channels.rakuten.api import RakutenApi
from onhand.channels.rakuten.functions import INVENTORIES_GET, INVENTORIES_UPSERT

ROWS_PER_READ = 1000  # bulk-get: 1 to 1000 pairs
ROWS_PER_PUSH = 400  # bulk-upsert: 1 to 400 rows
MOST_UNITS = 99_999  # IE0003: a quantity is between 0 and 99999


class _Row(msgspec.Struct, rename="camel"):
    manage_number: str
    variant_id: str
    quantity: Annotated[int, msgspec.Meta(ge=0, le=MOST_UNITS)]


class _Inventories(msgspec.Struct):
    inventories: list[_Row]


_decode = msgspec.json.Decoder(_Inventories).decode


def read_stock(api: RakutenApi, keys: Sequence[ListingKey]) -> StockReading:
    """What the shop holds of at most 1000 listings, in whole units.

    Pairs without a number are left out of the answer (inferred: the page gives 0 to 1000 rows).
    Raises any ChannelError; ChannelProtocolError on a number out of range, a row that was not
    asked for, or two different numbers of one pair.
    """
    asked: dict[ListingKey, list[ListingKey]] = {}
    for key in keys:
        asked.setdefault(_folded(key), []).append(key)
    if not 1 <= len(asked) <= ROWS_PER_READ:
        message = f"1 to {ROWS_PER_READ} listings can be read at once, not {len(asked)}"
        raise ValueError(message)
    body = {"inventories": [_pair(key) for key in asked]}
    found, answer = api.ask(INVENTORIES_GET, _decode, body=body)
    units: dict[ListingKey, int] = {}
    for row in found.inventories:
        place = ListingKey(row.manage_number.lower(), row.variant_id)
        if place not in asked:
            raise api.not_understood(answer, "a row that was not asked for")
        for key in asked[place]:
            if units.setdefault(key, row.quantity) != row.quantity:
                raise api.not_understood(answer, "two numbers for one listing")
    return StockReading(units, answer.sent_at, answer.received_at)


def push_stock(api: RakutenApi, changes: Sequence[StockChange]) -> None:
    """Write at most 400 rows in one call; done only when the shop answers 204 without a body.

    A 204 does not prove that the listing exists: the shop takes orphans too. Raises any
    ChannelError; ListingRejected names the first row at fault (whether the others were written
    is not stated anywhere). ValueError for no row, too many, or one listing twice (IE1102).
    """
    if not 1 <= len(changes) <= ROWS_PER_PUSH:
        message = f"1 to {ROWS_PER_PUSH} rows can be pushed at once, not {len(changes)}"
        raise ValueError(message)
    if _has_twins(change.key for change in changes):
        message = "one listing twice in one push"
        raise ValueError(message)
    rows = [
        {**_pair(change.key), "mode": change.mode.name, "quantity": change.units}
        for change in changes
    ]
    answer = api.send(INVENTORIES_UPSERT, body={"inventories": rows})
    if answer.reply.status != 204 or answer.reply.body.strip():
        raise api.error(answer)


def _pair(key: ListingKey) -> dict[str, object]:
    return {"manageNumber": key.item, "variantId": key.variant}


def _folded(key: ListingKey) -> ListingKey:
    return ListingKey(key.item.lower(), key.variant)


def _has_twins(keys: Iterable[ListingKey]) -> bool:
    folded = [_folded(key) for key in keys]
    return len(set(folded)) < len(folded)
