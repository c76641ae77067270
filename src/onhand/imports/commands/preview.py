"""Working out what a file would change; nothing but the preview itself is written."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.access.model import Refusal
from onhand.imports.commands.files import unpacked
from onhand.imports.commands.rows import (
    FaultRow,
    Page,
    clear,
    repair,
    write_page,
)
from onhand.imports.commands.working import Choosing, Stop, Work
from onhand.imports.model.choices import Limits
from onhand.imports.model.gather import Gathering
from onhand.imports.model.refusals import FileRefused, InvalidRule, UnknownColumn, UnknownSheet
from onhand.imports.model.rows import BadRow, FileRow, SkippedRow, Taken
from onhand.imports.model.states import ImportState
from onhand.imports.model.wishes import ImportFailed
from onhand.imports.queries.counts import count_changes
from onhand.imports.readers.apart import Waiting
from onhand.imports.readers.opening import FileSource, open_file

MOST_FAULTS = 10_000  # that are kept, one by one
MOST_ATTEMPTS = 4
_CELL_CHARS = 200_000
_UNPACKED_BYTES = 1_000_000_000


def preview(work: Work) -> None:
    """Read the file and write down what it would change, from the beginning.

    It ends as `previewed`, `refused` or `cancelled`; it stays `waiting` when the process stops.

    Raises:
        WorkLost: another process does it.
        DatabaseUnavailable, TransactionConflict: it may be done again.
    """
    if work.attempt > MOST_ATTEMPTS:  # whatever this file does to a process, enough of it
        return _refuse(work, ImportFailed(work.import_id))
    clear(work)
    try:
        with (
            unpacked(work.database, work.file_id) as path,
            _opened(
                path,
                work.file_name,
                work.choosing,
                work.most_rows,
                Waiting(work.pace.renew_s, work.hold_on),
            ) as source,
        ):
            _read(work, source)
    except FileRefused as refused:
        _refuse(work, refused.refusal)
    return None


@contextmanager
def opened_again(row: sa.Row[Any], path: Path) -> Iterator[FileSource]:
    """The file of an import's row, read as its preview was.

    Raises:
        FileRefused: it cannot be read.
    """
    choosing = msgspec.convert(row.choices, Choosing)
    with _opened(path, row.file_name, choosing, row.most_rows, Waiting()) as source:
        yield source


@contextmanager
def _opened(
    path: Path, name: str, choosing: Choosing, most_rows: int, waiting: Waiting
) -> Iterator[FileSource]:
    """The file as its store is used to be read; as if nothing was remembered where that fails."""
    size = 2**62  # it was measured when it came
    limits = Limits(size, most_rows, cell_chars=_CELL_CHARS, unpacked_bytes=_UNPACKED_BYTES)
    used = choosing.used
    opening = partial(open_file, path, name=name, limits=limits, waiting=waiting)
    if used != choosing.given:
        try:
            with opening(choices=used):
                pass
        except FileRefused as refused:
            if not isinstance(refused.refusal, UnknownColumn | UnknownSheet | InvalidRule):
                raise
            used = choosing.given
    with opening(choices=used) as source:
        yield source


def _read(work: Work, source: FileSource) -> None:
    facts = msgspec.to_builtins(source.facts)
    with work.database.begin() as connection:
        work.keep(connection, {"facts": facts})
    reading = _Reading(work)
    rows = source.rows()
    while taken := list(islice(rows, work.pace.rows)):
        stop = reading.take(taken)
        if stop is not None:
            return _break_off(work, stop)
        work.progress.advance(reading.rows_read, None)
    stop = repair(work, reading.gathering)
    if stop is not None:
        return _break_off(work, stop)
    with work.database.begin() as connection:
        counts = count_changes(connection, work.import_id)
        counts |= reading.counts()
        work.end(
            connection,
            ImportState.PREVIEWED,
            counts=counts,
            change_count=reading.gathering.sku_count,
            previewed_at=work.clock(),
            attempt=0,
        )
    return None


class _Reading:
    """What was read of a file so far."""

    def __init__(self, work: Work) -> None:
        self.gathering = Gathering(work.terms)
        self.rows_read = 0
        self._work = work
        self._skipped: Counter[str] = Counter()
        self._bad: Counter[str] = Counter()
        self._taken_rows = 0
        self._unknown_listings = 0

    def take(self, taken: list[Taken]) -> Stop | None:
        """Bring a few rows into the preview; whether to stop here."""
        self.rows_read += len(taken)
        rows: list[FileRow] = []
        faults: list[FaultRow] = []
        for one in taken:
            if isinstance(one, FileRow):
                rows.append(one)
            elif isinstance(one, SkippedRow):
                self._skipped[one.reason.value] += 1
            else:
                faults.append(_fault(one))
        page = Page(self._work, rows, self.gathering)
        self._taken_rows += page.taken_rows
        self._unknown_listings += page.unknown_listings
        faults += [FaultRow(f.line, f.fault, None, f.value) for f in self.gathering.drain_faults()]
        kept = max(0, MOST_FAULTS - self._bad.total())
        first = self._bad.total()
        self._bad.update(fault.fault for fault in faults)
        with self._work.database.begin() as connection:
            stop = self._work.keep(connection, {"rows_read": self.rows_read})
            write_page(connection, page, faults[:kept], first)
        return stop

    def counts(self) -> dict[str, object]:
        """How many rows became what."""
        return {
            "rows": self.rows_read,
            "taken_rows": self._taken_rows,
            "repeated_rows": self.gathering.repeated_rows,
            "skipped": dict(self._skipped),
            "bad": dict(self._bad),
            "listings_unknown": self._unknown_listings,
        }


def _fault(bad: BadRow) -> FaultRow:
    return FaultRow(bad.line, bad.fault.value, bad.column, bad.value)


def _break_off(work: Work, stop: Stop) -> None:
    is_cancelled = stop is Stop.CANCEL
    state = ImportState.CANCELLED if is_cancelled else ImportState.WAITING
    ended_at = work.clock() if is_cancelled else None
    with work.database.begin() as connection:
        work.end(connection, state, ended_at=ended_at, cancel_asked=False, attempt=0)


def _refuse(work: Work, refusal: Refusal) -> None:
    clear(work)
    problem = {"code": refusal.code, **msgspec.to_builtins(refusal)}
    with work.database.begin() as connection:
        work.end(
            connection,
            ImportState.REFUSED,
            problem=problem,
            counts={},
            rows_read=0,
            ended_at=work.clock(),
            attempt=0,
        )
