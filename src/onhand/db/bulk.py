"""Writing many rows of several tables at once, as cheaply as each dialect allows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

Row = Sequence[Any]


@dataclass(frozen=True)
class Part:
    """Rows for one table: inserted, or inserted-or-updated where `key` names the conflict."""

    table: sa.Table
    columns: tuple[str, ...]
    key: tuple[str, ...] = ()

    @property
    def updated(self) -> tuple[str, ...]:
        """The columns an existing row takes over."""
        return tuple(column for column in self.columns if column not in self.key)

    def conflict_clause(self) -> str:
        """`ON CONFLICT …`, the same words on both dialects."""
        if not self.key:
            return ""
        assignments = ", ".join(f"{column} = excluded.{column}" for column in self.updated)
        return f" ON CONFLICT ({', '.join(self.key)}) DO UPDATE SET {assignments}"


class BulkWrite:
    """A fixed set of parts, written in one round trip on PostgreSQL and row by row on SQLite.

    Values are those the driver takes for SQLite: text, whole numbers, None, moments as text.
    PostgreSQL gets each part as one JSON parameter, an array of arrays unpacked on the server:
    measured cheaper than one object per row, and than array parameters, whose dumping in Python
    costs more than the database's work.
    """

    def __init__(self, *parts: Part) -> None:
        """Prepare the statements of both dialects once."""
        self.parts = parts
        self._sqlite = tuple(_sqlite_statement(part) for part in parts)
        self._postgres = _postgres_statement(parts)

    def run(self, connection: sa.Connection, *rows_of_parts: Sequence[Row]) -> None:
        """Write `rows_of_parts[i]` to part i; the caller owns the transaction."""
        if connection.dialect.name == "sqlite":
            for statement, rows in zip(self._sqlite, rows_of_parts, strict=True):
                if rows:
                    connection.exec_driver_sql(statement, rows)
            return
        parameters = tuple(msgspec.json.encode(rows).decode() for rows in rows_of_parts)
        connection.exec_driver_sql(self._postgres, parameters)


def _sqlite_statement(part: Part) -> str:
    marks = ", ".join("?" for _ in part.columns)
    head = f"INSERT INTO {part.table.name} ({', '.join(part.columns)}) VALUES ({marks})"
    return head + part.conflict_clause()


def _postgres_statement(parts: tuple[Part, ...]) -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    steps = []
    for index, part in enumerate(parts):
        names = ", ".join(part.columns)
        values = ", ".join(
            f"(r ->> {at})::{part.table.c[name].type.compile(dialect=dialect)}"
            for at, name in enumerate(part.columns)
        )
        steps.append(
            f"w{index} AS (INSERT INTO {part.table.name} ({names}) SELECT {values} "
            f"FROM jsonb_array_elements(%s::jsonb) AS r{part.conflict_clause()})"
        )
    return f"WITH {', '.join(steps)} SELECT 1"
