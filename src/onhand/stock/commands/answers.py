"""What a caller is told of an accepted command: kept with it, and sent as it is."""

from typing import Annotated

import msgspec

from onhand.stock.model.commands import UndoHow
from onhand.stock.model.refusals import Broken

# Text already, so that a replay is answered with the very bytes of the first answer.
Moment = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]


class ReservationAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reservation as it is after the command; `quantity` whole units are held now."""

    id: str
    sku: str
    location: str
    quantity: int
    shipped: int
    returned: int
    state: str
    owner: str
    reference_type: str
    reference_id: str
    expires_at: Moment | None


class LevelAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A SKU's stock over all locations as it is after the command, in whole units."""

    sku: str
    on_hand: int
    reserved: int
    available: int
    version: int


class StockAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a command did: the reservations and levels it touched."""

    command_id: str
    recorded_at: Moment
    reservations: list[ReservationAnswer]
    levels: list[LevelAnswer]


class UndoPart(msgspec.Struct, frozen=True):
    """What one command of an undo did, as it is kept; `levels` are the SKUs it took back."""

    command_id: str
    recorded_at: Moment
    how: UndoHow
    levels: list[LevelAnswer]
    left_out: list[Broken]
    is_last: bool


class UndoAnswer(msgspec.Struct, frozen=True):
    """What an undo took back, in whole units of on hand; `left_out` stays as it was.

    `undoes` names the group: `import:…`, `manual:…` (a stocktake) or `command:…`. `skus` were
    taken back. `undo_id` is the command of the counter-events, `done_by` who asked for it.
    """

    undo_id: str
    undoes: str
    how: UndoHow
    recorded_at: Moment
    done_by: str
    skus: int
    left_out: list[Broken]
