"""Keeping the files that were given, once each, and getting them back."""

import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import sqlalchemy as sa
import uuid_utils

from onhand.db.database import Database
from onhand.db.errors import TransactionConflict
from onhand.imports.queries.files import read_pieces
from onhand.imports.tables import file_import, import_file, import_file_part

_PART_BYTES = 1_000_000
_PIECE_BYTES = 256 * 1024
_LEVEL = 1  # of zlib: a merchant's table shrinks to a tenth in a second for each 100 MB
_LEFT_OVER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that is kept; `file_id` is the SHA-256 of its bytes, in hex."""

    file_id: str
    size_bytes: int


def keep_file(database: Database, file: BinaryIO, *, by: str, now: datetime) -> KeptFile:
    """Keep the bytes of an open file, compressed; those that are kept already are not kept twice.

    Raises:
        DatabaseUnavailable: it is not kept; parts of it may be, until `forget_left_over`.
    """
    kept = _hashed(file)
    if _is_kept(database, kept.file_id):
        return kept
    upload_id = uuid_utils.uuid7().hex
    file.seek(0)
    for number, packed in enumerate(_packed(file)):
        row = {"upload_id": upload_id, "number": number, "packed": packed}
        with database.begin() as connection:
            connection.execute(sa.insert(import_file_part), row)
    try:
        with database.begin() as connection:
            connection.execute(
                sa.insert(import_file).values(
                    file_id=kept.file_id,
                    upload_id=upload_id,
                    size_bytes=kept.size_bytes,
                    stored_by=by,
                    stored_at=now,
                )
            )
    except TransactionConflict:  # somebody kept the same file meanwhile
        _drop_parts(database, upload_id)
    return kept


@contextmanager
def unpacked(database: Database, file_id: str) -> Iterator[Path]:
    """The bytes of a kept file, as a temporary file that is gone when the block ends.

    Raises:
        DatabaseUnavailable: it could not be read.
        ValueError: what is kept is damaged.
    """
    with TemporaryDirectory(prefix="onhand-") as folder:
        path = Path(folder, "file")
        digest = hashlib.sha256()
        with path.open("wb") as file, database.read() as connection:
            for piece in read_pieces(connection, file_id):
                digest.update(piece)
                file.write(piece)
        if digest.hexdigest() != file_id:
            raise ValueError(f"the kept file {file_id} is damaged")
        yield path


def forget_left_over(database: Database, *, now: datetime) -> int:
    """Delete files of a day ago that no import takes, and parts of uploads that broke off.

    Returns how many parts. Raises:
        DatabaseUnavailable, TransactionConflict: some may be left.
    """
    file, part = import_file.c, import_file_part.c
    is_taken = sa.exists().where(file_import.c.file_id == file.file_id)
    with database.begin() as connection:
        unused = sa.and_(file.stored_at < now - _LEFT_OVER, ~is_taken)
        connection.execute(sa.delete(import_file).where(unused))
    known = sa.select(file.upload_id)
    # The first 48 bits of an id are its moment in milliseconds.
    before = f"{int((now - _LEFT_OVER).timestamp() * 1000):012x}"
    with database.read() as connection:
        found = connection.execute(
            sa.select(part.upload_id)
            .distinct()
            .where(part.upload_id < before, part.upload_id.not_in(known))
        )
        left_over = list(found.scalars())
    return sum(_drop_parts(database, upload_id) for upload_id in left_over)


def _hashed(file: BinaryIO) -> KeptFile:
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    while piece := file.read(_PIECE_BYTES):
        digest.update(piece)
        size += len(piece)
    return KeptFile(digest.hexdigest(), size)


def _packed(file: BinaryIO) -> Iterator[bytes]:
    """The file compressed as one stream, in parts."""
    compress = zlib.compressobj(_LEVEL)
    waiting = bytearray()
    while piece := file.read(_PIECE_BYTES):
        waiting += compress.compress(piece)
        while len(waiting) >= _PART_BYTES:
            yield bytes(waiting[:_PART_BYTES])
            del waiting[:_PART_BYTES]
    waiting += compress.flush()
    while waiting:
        yield bytes(waiting[:_PART_BYTES])
        del waiting[:_PART_BYTES]


def _is_kept(database: Database, file_id: str) -> bool:
    with database.read() as connection:
        known = sa.select(import_file.c.file_id).where(import_file.c.file_id == file_id)
        return connection.execute(known).first() is not None


def _drop_parts(database: Database, upload_id: str) -> int:
    chosen = import_file_part.c.upload_id == upload_id
    with database.begin() as connection:
        return connection.execute(sa.delete(import_file_part).where(chosen)).rowcount
