"""Prepared statements on libpq itself, for the connections of the ledger.

psycopg's own way of running a statement costs 45 to 60 µs of Python, libpq's 15; a batch runs six.
"""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection, errors, pq
from psycopg.adapt import Transformer

_MOST = 200  # statements of one connection; the server keeps a plan for each
_DONE = frozenset({pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK})


class Prepared:
    """Runs statements of one connection, each prepared when it first comes.

    The connection must prepare nothing itself (`prepare_threshold=None`).
    """

    def __init__(self, connection: Connection) -> None:
        """Nothing is prepared yet."""
        self._server = connection.pgconn
        self._rows = Transformer(connection)
        self._names: dict[str, bytes] = {}
        self._is_stale = False

    def run(self, statement: str, parameters: Sequence[str | int | None]) -> list[tuple[Any, ...]]:
        """Run a statement with a `%s` for each parameter and return its rows.

        Raises:
            psycopg.Error: as psycopg would.
        """
        name = self._names.get(statement) or self._prepare(statement)
        values: list[Any] = [None if value is None else str(value).encode() for value in parameters]
        result = self._checked(self._server.exec_prepared(name, values))
        self._rows.set_pgresult(result)
        return self._rows.load_rows(0, result.ntuples, tuple)

    def begin(self) -> None:
        """Open a transaction; psycopg sees by the connection that it is open."""
        self._checked(self._server.exec_(b"BEGIN"))

    def commit(self) -> None:
        """Commit the open transaction."""
        self._checked(self._server.exec_(b"COMMIT"))

    def _prepare(self, statement: str) -> bytes:
        if self._is_stale or len(self._names) == _MOST:
            self._checked(self._server.exec_(b"DEALLOCATE ALL"))
            self._names.clear()
            self._is_stale = False
        name = f"onhand_{len(self._names)}".encode()
        before, *others = statement.split("%s")
        text = before + "".join(f"${at}{other}" for at, other in enumerate(others, start=1))
        self._checked(self._server.prepare(name, text.encode()))
        self._names[statement] = name
        return name

    def _checked(self, result: pq.abc.PGresult) -> pq.abc.PGresult:
        if result.status in _DONE:
            return result
        # What a statement gives back may have changed under it: all are prepared anew.
        self._names.clear()
        self._is_stale = True
        raise errors.error_from_result(result)
