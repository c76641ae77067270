"""SKU codes as people write them, for the ids in a page of rows."""

from collections.abc import Iterable

import sqlalchemy as sa

from onhand.db.lookup import select_in

_WRITTEN = (
    "SELECT sku_id, original_sku, generation FROM sku "
    "WHERE status <> 'unregistered' AND sku_id IN {list}"
)


def written_codes(
    connection: sa.Connection, sku_ids: Iterable[str | None]
) -> dict[str, tuple[str, int]]:
    """The code of each registered SKU as it was written, and its generation, by its id."""
    wanted = {sku_id for sku_id in sku_ids if sku_id is not None}
    rows = select_in(connection, _WRITTEN, wanted) if wanted else []
    return {sku_id: (written, generation) for sku_id, written, generation in rows}
