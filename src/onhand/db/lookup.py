"""Looking many keys up in one statement of a fixed text, so that its plan is prepared once."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

_LIST = {
    "sqlite": "(SELECT value FROM json_each(?))",
    "postgresql": "(SELECT value FROM json_array_elements_text(%s::json))",
}


_MARK = {"sqlite": "?", "postgresql": "%s"}


def select_in(
    connection: sa.Connection, sql: str, values: Iterable[str], *others: str
) -> Sequence[Any]:
    """Rows of a statement whose `{list}` stands for a list of texts and each `{value}` for one.

    `{list}` comes before every `{value}`. Results are as the driver gives them: moments are text
    on SQLite (see `types.from_row`).
    """
    dialect = connection.dialect.name
    statement = sql.replace("{list}", _LIST[dialect]).replace("{value}", _MARK[dialect])
    parameters = (json.dumps(sorted(values)), *others)
    return connection.exec_driver_sql(statement, parameters).fetchall()
