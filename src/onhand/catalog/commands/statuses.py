"""Selling many SKUs, or selling them no longer, in one write."""

from collections.abc import Sequence

import sqlalchemy as sa

from onhand.access.commands import Change, Write, write_once
from onhand.access.model import Accepted, Asked, Refusal
from onhand.catalog.model.skus import (
    MOST_SKUS,
    InvalidSkuField,
    SkuNotFound,
    Status,
    TooManySkus,
    normalise,
)
from onhand.catalog.queries.skus import find_registered
from onhand.catalog.tables import sku
from onhand.db.database import Database


def set_statuses(
    database: Database, asked: Asked, codes: Sequence[str], status: Status
) -> Accepted | Refusal:
    """Give 1 … 1000 SKUs this status, all or none; the answer is the sorted ids that had another.

    Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    wanted = sorted({normalise(code) for code in codes})
    if not 1 <= len(wanted) <= MOST_SKUS:
        return TooManySkus(len(wanted))
    if status is Status.UNREGISTERED:
        return InvalidSkuField(wanted[0], "status", "must be active or inactive")

    def change(connection: sa.Connection) -> Change | Refusal:
        known = find_registered(connection, wanted)
        unknown = tuple(code for code in wanted if code not in known)
        if unknown:
            return SkuNotFound(unknown)
        ids = sorted({sku_id for sku_id, _ in known.values()})
        chosen = (
            sa.select(sku.c.sku_id, sku.c.status)
            .where(sku.c.sku_id.in_(ids))
            .order_by(sku.c.sku_id)
            .with_for_update(key_share=True)
        )
        before = {row.sku_id: row.status for row in connection.execute(chosen)}
        gone = tuple(one for one in ids if before[one] == Status.UNREGISTERED)
        if gone:
            return SkuNotFound(gone)
        changed = [one for one in ids if before[one] != status]
        connection.execute(
            sa.update(sku)
            .where(sku.c.sku_id.in_(changed))
            .values(status=status, updated_at=asked.now)
        )
        more = f" +{len(ids) - 1}" if len(ids) > 1 else ""
        after = dict.fromkeys(changed, status.value)
        past = {one: before[one] for one in changed}
        return Change(f"sku:{ids[0]}{more}", changed, before=past, after=after)

    write = Write("SetStatuses", (wanted, status))
    return write_once(database, asked, write, change)
