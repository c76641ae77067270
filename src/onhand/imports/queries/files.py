"""Reads of kept files."""

import zlib
from collections.abc import Iterator

import sqlalchemy as sa

from onhand.imports.tables import import_file, import_file_part

_PIECE_BYTES = 256 * 1024


def packed_parts(connection: sa.Connection, file_id: str) -> Iterator[bytes]:
    """The compressed parts of a kept file, one after the other; none if it is not kept."""
    chosen = import_file.c.file_id == file_id
    upload_id = connection.execute(sa.select(import_file.c.upload_id).where(chosen)).scalar()
    part = import_file_part.c
    number = 0
    while upload_id is not None:
        wanted = sa.and_(part.upload_id == upload_id, part.number == number)
        packed = connection.execute(sa.select(part.packed).where(wanted)).scalar()
        if packed is None:
            return
        yield bytes(packed)
        number += 1


def file_size(connection: sa.Connection, file_id: str) -> int | None:
    """The size of a kept file in bytes, None if it is not kept."""
    chosen = import_file.c.file_id == file_id
    size: int | None = connection.execute(
        sa.select(import_file.c.size_bytes).where(chosen)
    ).scalar()
    return size


def read_pieces(connection: sa.Connection, file_id: str) -> Iterator[bytes]:
    """The bytes of a kept file, piece by piece, however well they were compressed."""
    decompress = zlib.decompressobj()
    for packed in packed_parts(connection, file_id):
        waiting = packed
        while waiting:
            yield decompress.decompress(waiting, _PIECE_BYTES)
            waiting = decompress.unconsumed_tail
