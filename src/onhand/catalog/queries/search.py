"""Finding SKUs by any part of their code, name or aliases (ADR 0019)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from onhand.access.model import has_control_characters
from onhand.catalog.model.skus import fold
from onhand.catalog.tables import sku

_GRAM = 3  # marks; what is looked up in the index
_LAST_MARK = chr(0x10FFFF)
# What many SKUs have in common is met soon when they are walked through in order; what few have
# is taken from the index whole. SQLite counts how many have it, up to a bound; PostgreSQL would
# have to find all for that, so there so many are walked through first.
_WALKED = 2_000
_MOST_FROM_INDEX = 5_000

_SEARCH = sa.table("sku_search", sa.column("rowid"), sa.column("sku_search"))
_TRIGRAM = sa.table("sku_search_trigram", sa.column("term"), sa.column("doc"))
_TRIGRAMS: sa.ColumnElement[Any] = sa.literal_column("sku_trigrams(sku.search_text)")
_NUMBER = sa.table("sku_search_number", sa.column("number"), sa.column("sku_id"))


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is ordered: by `key`, then by the SKU's id, both up or both down.

    Both are columns of one table, which is walked through in this order.
    """

    key: sa.ColumnElement[Any]
    sku_id: sa.Column[str] = sku.c.sku_id
    descending: bool = False

    @property
    def columns(self) -> list[sa.ColumnElement[Any]]:
        """What is ordered by."""
        return [self.sku_id] if self.key is self.sku_id else [self.key, self.sku_id]

    def of(self, columns: Sequence[sa.ColumnElement[Any]]) -> list[sa.UnaryExpression[Any]]:
        """The order over columns with these values."""
        return [column.desc() if self.descending else column.asc() for column in columns]

    def after(self, key: Any, sku_id: str) -> sa.ColumnElement[bool]:
        """What comes after a place of this list."""
        values = [sa.literal(key, self.key.type), sa.literal(sku_id)][-len(self.columns) :]
        place, last = sa.tuple_(*self.columns), sa.tuple_(*values)
        return place < last if self.descending else place > last


@dataclass(frozen=True, slots=True)
class Listed:
    """Which SKUs a list has.

    `within` asks something of the order's table, `of_sku` of the SKU where that is another one.
    `needle` is in their code, name or an alias; "" is in all.
    """

    order: Order
    within: Sequence[sa.ColumnElement[bool]]
    of_sku: Sequence[sa.ColumnElement[bool]] = ()
    needle: str = ""


def needle_of(search: str | None) -> str | None:
    """What is looked for, folded as texts are; "" is in all of them, None can be in none."""
    asked = (search or "").strip()
    return None if has_control_characters(asked) else fold(asked)


def first_of(connection: sa.Connection, listed: Listed, *, limit: int) -> Sequence[sa.Row[Any]]:
    """The first SKUs of a list, as rows of `sku_id` and `key`."""
    order = listed.order
    columns: list[sa.ColumnElement[Any]] = [
        order.sku_id.label("sku_id"),
        order.key.label("key"),
    ]
    if order.sku_id.table is sku:  # spares looking every row up once more
        columns.append(sku.c.search_text)
    walk = sa.select(*columns).where(*listed.within).order_by(*order.of(order.columns))
    if not listed.needle and not listed.of_sku:
        return connection.execute(walk.limit(limit)).all()
    indexed = None
    if listed.needle and connection.dialect.name == "sqlite":
        indexed = _if_few(connection, _in_sqlite(listed.needle))
    if indexed is None:
        walked = _passing(connection, walk.limit(_WALKED).subquery(), listed)
        found = connection.execute(walked.limit(limit)).all()
        if len(found) == limit:
            return found
    if listed.needle and connection.dialect.name == "postgresql":
        indexed = _in_postgres(listed.needle)
    # Materialised, so that no plan walks through the list in order after all.
    rest = (
        walk.subquery()
        if indexed is None
        else walk.order_by(None)
        .where(order.sku_id.in_(indexed))
        .cte("found")
        .prefix_with("MATERIALIZED")
    )
    return connection.execute(_passing(connection, rest, listed).limit(limit)).all()


def _passing(connection: sa.Connection, rows: sa.FromClause, listed: Listed) -> sa.Select[str, Any]:
    """Those of the rows, in order, whose `sku` row is as the list wants it."""
    order = listed.order
    columns = [rows.c.key, rows.c.sku_id][-len(order.columns) :]
    statement = sa.select(rows.c.sku_id, rows.c.key).order_by(*order.of(columns))
    text: sa.ColumnElement[str]
    if "search_text" in rows.c:
        text = rows.c.search_text
    else:
        text = sku.c.search_text
        statement = statement.join(sku, sku.c.sku_id == rows.c.sku_id).where(*listed.of_sku)
    if not listed.needle:
        return statement
    position = sa.func.instr if connection.dialect.name == "sqlite" else sa.func.strpos
    return statement.where(position(text, listed.needle) > 0)


def _if_few(connection: sa.Connection, numbers: sa.Select[int]) -> sa.Select[str] | None:
    """The SKUs with these numbers; None where they are too many."""
    most = numbers.limit(_MOST_FROM_INDEX + 1).subquery()
    count = connection.execute(sa.select(sa.func.count()).select_from(most)).scalar_one()
    if count > _MOST_FROM_INDEX:
        return None
    return sa.select(_NUMBER.c.sku_id).where(_NUMBER.c.number.in_(numbers))


def _in_sqlite(needle: str) -> sa.Select[int]:
    """The numbers of SKUs that have every trigram of the needle."""
    if len(needle) < _GRAM:
        term = _TRIGRAM.c.term
        return sa.select(_TRIGRAM.c.doc).where(term >= needle, term < needle + _LAST_MARK)
    query = " AND ".join('"' + gram.replace('"', '""') + '"' for gram in _grams(needle))
    return sa.select(_SEARCH.c.rowid).where(_SEARCH.c.sku_search.op("MATCH")(query))


def _in_postgres(needle: str) -> sa.Select[str]:
    """The SKUs that have every trigram of the needle."""
    query = f"{_lexeme(needle)}:*"
    if len(needle) >= _GRAM:
        query = " & ".join(map(_lexeme, _grams(needle)))
    asked = sa.cast(query, postgresql.TSQUERY)
    return sa.select(sku.c.sku_id).where(_TRIGRAMS.op("@@", is_comparison=True)(asked))


def _lexeme(gram: str) -> str:
    escaped = gram.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _grams(needle: str) -> list[str]:
    grams = (needle[at : at + _GRAM] for at in range(len(needle) - _GRAM + 1))
    return list(dict.fromkeys(grams))
