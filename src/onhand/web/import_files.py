"""What can be downloaded of an import: the file as it came, and its bad rows."""

from collections.abc import Generator
from urllib.parse import quote

from starlette.responses import Response

from onhand.bootstrap.environment import Environment
from onhand.imports.queries.bad_rows import bad_rows
from onhand.imports.queries.files import read_pieces
from onhand.imports.queries.imports import ImportView
from onhand.web.downloads import Download


def original(environment: Environment, known: ImportView) -> Response:
    """The file as it came."""

    def pieces() -> Generator[bytes, None, None]:
        with environment.database.read() as connection:
            yield from read_pieces(connection, known.file)

    return Download(pieces(), "application/octet-stream", _named(known.file_name))


def bad_rows_of(environment: Environment, known: ImportView) -> Response:
    """The rows that cannot be taken, as a CSV file that can be mended and given again."""
    rows = bad_rows(environment.database, known.import_id)
    return Download(rows, "text/csv; charset=utf-8", _named(f"bad-rows-{known.file_name}.csv"))


def _named(name: str) -> dict[str, str]:
    return {"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
