"""Making the index of searches anew (ADR 0019)."""

from itertools import groupby

import sqlalchemy as sa

from onhand.catalog.model.skus import Status, search_text
from onhand.catalog.tables import sku, sku_alias
from onhand.db.database import Database

_REFILL = (
    "INSERT INTO sku_search (sku_search) VALUES ('delete-all')",
    "DELETE FROM sku_search_number",
    "INSERT INTO sku_search_number (sku_id) SELECT sku_id FROM sku",
    """
    INSERT INTO sku_search (rowid, text)
    SELECT number, search_text || char(10, 10) FROM sku_search_number JOIN sku USING (sku_id)
    """,
)


def rebuild_search(database: Database) -> int:
    """Derive every SKU's search text and its trigrams again; returns how many texts were wrong.

    Others that register or rename SKUs wait meanwhile. Raises:
        DatabaseUnavailable: nothing was changed.
    """
    with database.begin() as connection:
        if connection.dialect.name == "postgresql":
            wrong = _mend_texts(connection)
            connection.exec_driver_sql("REINDEX INDEX ix_sku_search")
            return wrong
        # The trigger would take trigrams out that may not be there.
        trigger = connection.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'sku_search_changed'"
        ).scalar_one()
        connection.exec_driver_sql("DROP TRIGGER sku_search_changed")
        wrong = _mend_texts(connection)
        for statement in _REFILL:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(trigger)
        return wrong


def _mend_texts(connection: sa.Connection) -> int:
    """Write the texts that are not what they should be; returns how many there were."""
    wrong = []
    joined = sku.outerjoin(sku_alias, sku_alias.c.sku_id == sku.c.sku_id)
    statement = (
        sa.select(sku.c.sku_id, sku.c.status, sku.c.name, sku.c.search_text, sku_alias.c.alias_id)
        .select_from(joined)
        .order_by(sku.c.sku_id, sku_alias.c.alias_id)
    )
    rows = connection.execute(statement).all()
    for _, group in groupby(rows, key=lambda row: row.sku_id):
        first, *more = group
        aliases = [row.alias_id for row in (first, *more) if row.alias_id is not None]
        is_known = first.status != Status.UNREGISTERED
        text = search_text(first.sku_id, first.name, aliases) if is_known else ""
        if sorted(text.split("\n")) != sorted(first.search_text.split("\n")):
            wrong.append({"id": first.sku_id, "text": text})
    if wrong:
        mend = sa.update(sku).where(sku.c.sku_id == sa.bindparam("id"))
        connection.execute(mend.values(search_text=sa.bindparam("text")), wrong)
    return len(wrong)
