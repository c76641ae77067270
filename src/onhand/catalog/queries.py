"""Reads of the catalog."""

from collections.abc import Iterable

import sqlalchemy as sa

from onhand.catalog.model import Status
from onhand.catalog.tables import sku, sku_alias

_CHUNK = 500  # bound parameters a statement


def find_registered(connection: sa.Connection, codes: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Map normalised codes and aliases to (SKU id, generation); unknown codes are left out."""
    wanted = sorted(set(codes))
    found: dict[str, tuple[str, int]] = {}
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        registered = sku.c.status != Status.UNREGISTERED
        by_alias = sa.select(sku_alias.c.alias_id, sku.c.sku_id, sku.c.generation).where(
            sku_alias.c.sku_id == sku.c.sku_id, sku_alias.c.alias_id.in_(chunk), registered
        )
        by_code = sa.select(sku.c.sku_id, sku.c.sku_id, sku.c.generation).where(
            sku.c.sku_id.in_(chunk), registered
        )
        for statement in (by_alias, by_code):  # a code wins over an alias
            for code, sku_id, generation in connection.execute(statement):
                found[code] = (sku_id, generation)
    return found
