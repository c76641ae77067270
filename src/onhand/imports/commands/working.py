"""Working on one import: who may, for how long, and whom to tell how far it is."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa

from onhand.db.database import Database
from onhand.imports.model.choices import Choices
from onhand.imports.model.plan import Terms
from onhand.imports.model.states import PENDING, ImportState
from onhand.imports.tables import file_import
from onhand.stock.commands import Ledger

HOLD = timedelta(seconds=30)
_REST = 0.25  # of the time a transaction took


class WorkLost(Exception):
    """Somebody else works on the import, or nothing is to be done any more: write nothing."""


class Stop(Enum):
    """Why to stop: `LATER` leaves the rest to another process, `CANCEL` gives it up."""

    LATER = "later"
    CANCEL = "cancel"


class Progress(Protocol):
    """Whom to tell how far an import is."""

    def advance(self, done: int, total: int | None) -> None:
        """So much is done: rows of the file while it is read, SKUs while it is brought in."""

    def wants_stop(self) -> Stop | None:
        """Whether to stop at this safe point."""


@dataclass(frozen=True, slots=True)
class Choosing:
    """How the person wanted the file read, and how it is, with what the store remembers."""

    given: Choices = field(default_factory=Choices)
    used: Choices = field(default_factory=Choices)


@dataclass(frozen=True, slots=True)
class Pace:
    """How much goes into one transaction: rows of a file, or SKUs that are brought in.

    While a workbook is opened, which is none, the hold is renewed each `renew_s`.
    """

    rows: int = 1000
    skus: int = 250
    renew_s: float = 5


@dataclass(frozen=True, slots=True)
class Work:
    """An import that is held by us; `confirmed_by` and `_from` are whose word it is brought in."""

    database: Database
    ledger: Ledger
    clock: Callable[[], datetime]
    progress: Progress
    holder: str
    import_id: str
    state: ImportState
    file_id: str
    file_name: str
    terms: Terms
    choosing: Choosing
    most_rows: int
    position: int
    change_count: int
    attempt: int
    confirmed_by: str | None
    confirmed_from: str | None
    pace: Pace

    def keep(self, connection: sa.Connection, values: Mapping[str, Any]) -> Stop | None:
        """Write to the import's row and hold on to it; whether to stop here.

        Raises:
            WorkLost: it is not ours any more.
        """
        row = connection.execute(
            sa.update(file_import)
            .where(file_import.c.import_id == self.import_id, file_import.c.state == self.state)
            .where(file_import.c.holder == self.holder)
            .values(held_until=self.clock() + HOLD, **values)
            .returning(file_import.c.cancel_asked)
        ).first()
        if row is None:
            raise WorkLost(self.import_id)
        return Stop.CANCEL if row.cancel_asked else self.progress.wants_stop()

    def hold_on(self) -> None:
        """Hold on to the import where nothing else is written.

        Raises:
            WorkLost: it is not ours any more.
        """
        with self.database.begin() as connection:
            self.keep(connection, {})

    def give_way(self, began: float) -> None:
        """Leave others a turn after a transaction that began at this moment of `time.monotonic`.

        Who waits to write to SQLite looks now and then whether it is free, and gives up in the end;
        transactions one after the other would leave no moment in which it is.
        """
        if self.database.dialect == "sqlite":
            time.sleep(_REST * (time.monotonic() - began))

    def end(self, connection: sa.Connection, state: ImportState, **values: object) -> None:
        """Leave the import in a state, and let go of it.

        Raises:
            WorkLost: it is not ours any more.
        """
        self.keep(connection, {})
        connection.execute(
            sa.update(file_import)
            .where(file_import.c.import_id == self.import_id)
            .values(state=state, holder=None, held_until=None, **values)
        )


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where a process works on imports, and by what name; the name is unique to its start."""

    database: Database
    ledger: Ledger
    clock: Callable[[], datetime]
    holder: str
    pace: Pace = field(default_factory=Pace)

    def take(self, progress: Progress, import_id: str | None = None) -> Work | None:
        """Hold this import, or the one that has waited longest; None if there is none to work on.

        Raises:
            DatabaseUnavailable, TransactionConflict: nothing is held.
        """
        now = self.clock()
        row = file_import.c
        free = sa.or_(row.holder.is_(None), row.holder == self.holder, row.held_until <= now)
        waiting = sa.select(row.import_id).where(row.state.in_(sorted(PENDING)), free)
        if import_id is not None:
            waiting = waiting.where(row.import_id == import_id)
        with self.database.read() as connection:
            if connection.execute(waiting.limit(1)).first() is None:
                return None
        first = waiting.order_by(row.asked_at, row.import_id).limit(1)
        with self.database.begin() as connection:
            held = connection.execute(
                sa.update(file_import)
                .where(row.import_id == first.scalar_subquery(), free)
                .values(holder=self.holder, held_until=now + HOLD, attempt=row.attempt + 1)
                .returning(file_import)
            ).first()
        return None if held is None else self._work(held, progress)

    def _work(self, row: sa.Row[Any], progress: Progress) -> Work:
        return Work(
            database=self.database,
            ledger=self.ledger,
            clock=self.clock,
            progress=progress,
            holder=self.holder,
            import_id=row.import_id,
            state=ImportState(row.state),
            file_id=row.file_id,
            file_name=row.file_name,
            terms=msgspec.convert(row.terms, Terms),
            choosing=msgspec.convert(row.choices, Choosing),
            most_rows=row.most_rows,
            position=row.position,
            change_count=row.change_count,
            attempt=row.attempt,
            confirmed_by=row.confirmed_by,
            confirmed_from=row.confirmed_from,
            pace=self.pace,
        )
