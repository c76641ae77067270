"""Writing many rows of several tables at once, as cheaply as each dialect allows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from onhand.db.driver import execute, execute_many

Row = Sequence[Any]


@dataclass(frozen=True)
class Part:
    """Rows for one table.

    Inserted; or inserted-or-updated where `key` names the conflict; or, with `update_only`,
    updated where `key` matches (cheaper where every row is known to exist).
    """

    table: sa.Table
    columns: tuple[str, ...]
    key: tuple[str, ...] = ()
    update_only: bool = False

    @property
    def names(self) -> str:
        """The columns, as they stand in a statement."""
        return ", ".join(self.columns)

    def assignments(self, value_of: Callable[[str], str]) -> str:
        """`column = value` for every column that is not part of the key."""
        changed = (column for column in self.columns if column not in self.key)
        return ", ".join(f"{column} = {value_of(column)}" for column in changed)

    def matches(self, value_of: Callable[[str], str]) -> str:
        """The condition that finds an existing row by the key."""
        table = self.table.name
        return " AND ".join(f"{table}.{column} = {value_of(column)}" for column in self.key)

    def conflict_clause(self) -> str:
        """`ON CONFLICT …`, the same words on both dialects."""
        if not self.key:
            return ""
        assignments = self.assignments(lambda column: f"excluded.{column}")
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
        self._postgres = tuple(_postgres_step(part) for part in parts)

    def run(self, connection: sa.Connection, *rows_of_parts: Sequence[Row]) -> None:
        """Write `rows_of_parts[i]` to part i; the caller owns the transaction."""
        if connection.dialect.name == "sqlite":
            for statement, rows in zip(self._sqlite, rows_of_parts, strict=True):
                if rows:
                    execute_many(connection, statement, rows)
            return
        # A step without rows would cost the server as much to set up as one with a few.
        used = [
            (step, rows) for step, rows in zip(self._postgres, rows_of_parts, strict=True) if rows
        ]
        if used:
            steps = ", ".join(f"w{number} AS ({step})" for number, (step, _) in enumerate(used))
            parameters = [msgspec.json.encode(rows).decode() for _, rows in used]
            execute(connection, f"WITH {steps} SELECT 1", parameters)


def _sqlite_statement(part: Part) -> str:
    marks = {column: f"?{number}" for number, column in enumerate(part.columns, start=1)}
    table = part.table.name
    if part.update_only:
        assignments = part.assignments(marks.__getitem__)
        return f"UPDATE {table} SET {assignments} WHERE {part.matches(marks.__getitem__)}"
    values = ", ".join(marks.values())
    return f"INSERT INTO {table} ({part.names}) VALUES ({values}){part.conflict_clause()}"


def _postgres_step(part: Part) -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    table = part.table.name
    values = ", ".join(
        f"(r ->> {at})::{part.table.c[column].type.compile(dialect=dialect)} AS {column}"
        for at, column in enumerate(part.columns)
    )
    rows = f"SELECT {values} FROM jsonb_array_elements(%s::jsonb) AS r"
    if part.update_only:
        assignments = part.assignments(lambda column: f"v.{column}")
        condition = part.matches(lambda column: f"v.{column}")
        return f"UPDATE {table} SET {assignments} FROM ({rows}) AS v WHERE {condition}"
    return f"INSERT INTO {table} ({part.names}) {rows}{part.conflict_clause()}"
