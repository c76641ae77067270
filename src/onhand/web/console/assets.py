"""What pages load: style, script, icons; built by tools/assets.sh, kept for good by browsers."""

import json
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from onhand.web.errors import Problem, Refused

FOLDER = Path(__file__).parent / "static"
PREFIX = "/console/static/"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FOR_GOOD = "public, max-age=31536000, immutable"


class AssetsMissing(Exception):
    """The console's assets were never built; `make assets` builds them."""


@cache
def _files() -> dict[str, str]:
    """The file that each name means.

    Raises:
        AssetsMissing: none was built.
    """
    try:
        text = (FOLDER / "manifest.json").read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise AssetsMissing from error
    found: dict[str, str] = json.loads(text)
    return found


def asset(name: str) -> str:
    """The address of an asset; its name says which version it is.

    Raises:
        AssetsMissing: none was built.
    """
    return PREFIX + _files()[name]


@cache
def _bodies(file: str) -> tuple[bytes, bytes]:
    """A file and its compressed form."""
    return (FOLDER / file).read_bytes(), (FOLDER / f"{file}.gz").read_bytes()


async def serve(request: Request) -> Response:
    """One asset, compressed where the browser takes it.

    Raises:
        Refused: there is none of this name.
    """
    file: str = request.path_params["file"]
    if file not in _files().values():
        raise Refused(Problem("not_found", {"method": request.method, "path": request.url.path}))
    tag = f'"{Path(file).stem.rpartition("-")[2]}"'
    headers = {"cache-control": _FOR_GOOD, "etag": tag, "vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    plain, packed = _bodies(file)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        plain = packed
    return Response(plain, headers=headers, media_type=_TYPES[Path(file).suffix])
