"""Codes in paths: a `/` inside a code must not split the path.

A client writes it `%2F`, but servers decode a path before it is routed. The path is therefore
made again from what was sent, segment by segment, with `/` and `%` left escaped; path parameters
take the escapes off when they are read.
"""

from typing import Annotated
from urllib.parse import unquote

from fastapi import Path
from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from starlette.types import Scope

from onhand.catalog.model.stores import normalise_store
from onhand.web.fields import CODE_SCHEMA, NAME_SCHEMA, STORE_SCHEMA, read_code, read_name


def keep_slashes(scope: Scope) -> None:
    """Make the path of a request anew if anything in it is escaped."""
    raw: bytes = scope.get("raw_path") or b""
    if b"%" not in raw:
        return
    path = raw.partition(b"?")[0].decode("ascii", "replace")
    segments = (unquote(segment) for segment in path.split("/"))
    scope["path"] = "/".join(s.replace("%", "%25").replace("/", "%2F") for s in segments)


def unescape(raw: object) -> object:
    """A path parameter as the client meant it."""
    return raw.replace("%2F", "/").replace("%25", "%") if isinstance(raw, str) else raw


PathSku = Annotated[
    str,
    AfterValidator(read_code),
    BeforeValidator(unescape),
    Path(description="A SKU code or alias, in any case.", examples=["ce1111"]),
    WithJsonSchema(CODE_SCHEMA),
]
PathStore = Annotated[
    str,
    AfterValidator(normalise_store),
    BeforeValidator(unescape),
    Path(max_length=1000),
    WithJsonSchema(STORE_SCHEMA),
]
PathListing = Annotated[
    str,
    BeforeValidator(unescape),
    Path(max_length=1000),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^[0-9a-f]{32}$",
            "description": "The id of a listing.",
            "examples": ["019ab7c81f6e7b5c9d3a2f4e6b8c0d1e"],
        }
    ),
]
PathName = Annotated[
    str,
    AfterValidator(read_name),
    BeforeValidator(unescape),
    Path(),
    WithJsonSchema(NAME_SCHEMA),
]


def _path_id(what: str) -> WithJsonSchema:
    schema = {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": f"The id of {what}."}
    return WithJsonSchema(schema)


PathTask = Annotated[str, BeforeValidator(unescape), Path(max_length=1000), _path_id("a task")]
PathEntry = Annotated[
    str, BeforeValidator(unescape), Path(max_length=1000), _path_id("an entry of the desk")
]
PathOrder = Annotated[
    str,
    AfterValidator(read_name),
    BeforeValidator(unescape),
    Path(),
    WithJsonSchema({**NAME_SCHEMA, "description": "The shop's own number of an order."}),
]
