"""Commands of the catalog."""

from datetime import datetime

import sqlalchemy as sa

from onhand.catalog.model import Status
from onhand.catalog.tables import sku, sku_alias


def unregister(connection: sa.Connection, sku_id: str, *, at: datetime) -> None:
    """Make a SKU unknown, inside the caller's transaction: aliases and extra data go (C2)."""
    connection.execute(sa.delete(sku_alias).where(sku_alias.c.sku_id == sku_id))
    connection.execute(
        sa.update(sku)
        .where(sku.c.sku_id == sku_id)
        .values(
            status=Status.UNREGISTERED,
            generation=sku.c.generation + 1,
            name="",
            image_url=None,
            attributes={},
            updated_at=at,
        )
    )
