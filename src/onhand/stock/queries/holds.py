"""Holds: who holds what, for whom, until when."""

from dataclasses import dataclass
from datetime import datetime

import msgspec
import sqlalchemy as sa

from onhand.catalog.queries import find_registered
from onhand.stock.tables import ledger_head, reservation


@dataclass(frozen=True, slots=True)
class HoldFilter:
    """Which holds to list; None means any. `after` is the last reservation id seen."""

    sku: str | None = None
    owner: str | None = None
    holder: str | None = None
    reference_type: str | None = None
    reference_id: str | None = None
    include_ended: bool = False
    after: str | None = None
    limit: int = 100


class HoldView(msgspec.Struct, frozen=True):
    """One reservation; quantities are whole units, `quantity` is what is held now."""

    id: str
    sku: str
    location: str
    quantity: int
    shipped: int
    returned: int
    state: str
    owner: str
    holder: str
    reference_type: str
    reference_id: str
    expires_at: datetime | None
    created_at: datetime


def list_holds(connection: sa.Connection, wanted: HoldFilter, *, now: datetime) -> list[HoldView]:
    """Holds by reservation id; one whose end has come shows as `expired`, swept or not."""
    hold = reservation.c
    statement = (
        sa.select(reservation)
        .join(
            ledger_head,
            sa.and_(
                ledger_head.c.sku_id == hold.sku_id, ledger_head.c.generation == hold.generation
            ),
        )
        .where(ledger_head.c.registered)
        .order_by(hold.reservation_id)
        .limit(wanted.limit)
    )
    if wanted.sku is not None:
        found = find_registered(connection, [wanted.sku])
        if not found:
            return []
        statement = statement.where(hold.sku_id == found[wanted.sku][0])
    if not wanted.include_ended:
        statement = statement.where(
            hold.units_held > 0, sa.or_(hold.expires_at.is_(None), hold.expires_at > now)
        )
    if wanted.after is not None:
        statement = statement.where(hold.reservation_id > wanted.after)
    for column, value in (
        (hold.owner, wanted.owner),
        (hold.holder, wanted.holder),
        (hold.reference_type, wanted.reference_type),
        (hold.reference_id, wanted.reference_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    return [_view(row, now) for row in connection.execute(statement)]


def _view(row: sa.Row[tuple[object, ...]], now: datetime) -> HoldView:
    ended = row.units_held > 0 and row.expires_at is not None and row.expires_at <= now
    return HoldView(
        id=row.reservation_id,
        sku=row.sku_id,
        location=row.location_id,
        quantity=0 if ended else row.units_held,
        shipped=row.units_shipped,
        returned=row.units_returned,
        state="expired" if ended else row.state,
        owner=row.owner,
        holder=row.holder,
        reference_type=row.reference_type,
        reference_id=row.reference_id,
        expires_at=row.expires_at,
        created_at=row.created_at,
    )
