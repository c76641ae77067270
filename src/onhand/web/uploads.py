"""Files that come with a request: into a temporary file, never past the limit, never in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from onhand.access.model import has_control_characters
from onhand.imports.model.refusals import FileTooLarge
from onhand.web.errors import Problem, Refused, problem_of
from onhand.web.visits import invalid

MULTIPART = "multipart/form-data"
_AROUND = 64 * 1024  # bytes of fields and boundaries beside the file
_MOST_FIELDS = 50
_LONGEST_FIELD = 16 * 1024
_LONGEST_NAME = 200  # characters


@dataclass(frozen=True, slots=True)
class Upload:
    """The fields of a form, and its file if it has one; `name` is what the person called it."""

    fields: dict[str, str]
    file: BinaryIO | None
    name: str


@asynccontextmanager
async def received(request: Request, *, field: str, limit_bytes: int) -> AsyncIterator[Upload]:
    """The form in a request, with at most one file, in `field`; gone when the block ends.

    Raises:
        Refused: it is another kind of body, malformed, or the file is larger than is taken.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MULTIPART:
        raise Refused(Problem("unsupported_media_type", {"expected": MULTIPART}))
    form_request = Request(request.scope, _limited(request, limit_bytes))
    form = form_request.form(max_files=1, max_fields=_MOST_FIELDS, max_part_size=_LONGEST_FIELD)
    try:
        async with form as parts:
            fields: dict[str, str] = {}
            file: BinaryIO | None = None
            name = ""
            for key, value in parts.multi_items():
                if isinstance(value, UploadFile) and key == field:
                    file, name = value.file, clean_file_name(value.filename)
                elif key in fields or isinstance(value, UploadFile) or key == field:
                    raise invalid(f"body.{key[:64]}", "give it once, as a field or as the file")
                else:
                    fields[key] = value
            yield Upload(fields, file, name)
    except HTTPException as error:
        if error.status_code != 400:
            raise
        raise invalid("body", error.detail) from error
    except ClientDisconnect as error:
        raise invalid("body", "it did not come to its end") from error


def _limited(request: Request, limit_bytes: int) -> Receive:
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > limit_bytes + _AROUND:
        raise _too_large(int(announced), limit_bytes)
    seen = 0

    async def receive() -> Message:
        nonlocal seen
        message = await request.receive()
        seen += len(message.get("body", b""))
        if seen > limit_bytes + _AROUND:
            raise _too_large(seen, limit_bytes)
        return message

    return receive


def _too_large(size: int, limit_bytes: int) -> Refused:
    return Refused(problem_of(FileTooLarge(size, limit_bytes)))


def clean_file_name(given: str | None) -> str:
    """The last part of a file's name, such as can be kept and shown."""
    last = (given or "").replace("\\", "/").rpartition("/")[2].strip()
    name = "".join(c for c in last if not has_control_characters(c))
    return name[-_LONGEST_NAME:] or "file"
