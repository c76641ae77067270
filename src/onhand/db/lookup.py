"""Looking many keys up in one statement of a fixed text, so that its plan is prepared once."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.db.driver import execute

# PostgreSQL takes the array apart once; with a subquery its plan depends on statistics, and after a
# large first import, of which they do not know yet, it went through the list for every row.
_IN_LIST = {
    "sqlite": "IN (SELECT value FROM json_each(?))",
    "postgresql": "= ANY(ARRAY(SELECT json_array_elements_text(%s::json)))",
}
_MARK = {"sqlite": "?", "postgresql": "%s"}


def select_in(
    connection: sa.Connection, sql: str, values: Iterable[str], *others: str
) -> Sequence[Any]:
    """Rows of a statement with `IN {list}` for a list of texts and `{value}` for one text.

    The first mark is a `{list}`; `others` are for those that follow, in order, a further list as
    `as_list` makes it. Results are as the driver gives them: moments are text on SQLite (see
    `types.from_row`).
    """
    parameters = (as_list(values), *others)
    return execute(connection, _statement(sql, connection.dialect.name), parameters)


def as_list(values: Iterable[str]) -> str:
    """Texts in the form a `{list}` takes."""
    return msgspec.json.encode(sorted(values)).decode()


@lru_cache(maxsize=128)
def _statement(sql: str, dialect: str) -> str:
    return sql.replace("IN {list}", _IN_LIST[dialect]).replace("{value}", _MARK[dialect])
