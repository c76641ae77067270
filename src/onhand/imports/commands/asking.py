"""Asking for previews, confirming and cancelling them, as people do: once, and on record."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import sqlalchemy as sa
import uuid_utils

from onhand.access.commands import Change, Write, write_once
from onhand.access.model import Accepted, Asked, Refusal
from onhand.catalog.model.stores import Platform, StoreNotFound
from onhand.catalog.queries.stores import read_store
from onhand.db.bulk import BulkWrite, Part
from onhand.db.database import Database
from onhand.db.types import to_text
from onhand.imports.commands.working import HOLD, Choosing
from onhand.imports.model.choices import Choices
from onhand.imports.model.states import BEFORE_CONFIRM, ImportState
from onhand.imports.model.wishes import (
    FileNotKept,
    ImportNotFound,
    ImportNotReady,
    Wish,
    what_matters,
    with_memory,
    worth_remembering,
)
from onhand.imports.queries.files import file_size
from onhand.imports.queries.imports import find_moved
from onhand.imports.tables import file_import, import_mapping
from onhand.stock.model.refusals import UnknownLocation
from onhand.stock.queries.locations import read_location

_REMEMBER = BulkWrite(
    Part(import_mapping, ("store_id", "choices", "set_by", "set_at"), key=("store_id",))
)
_BROUGHT_IN = frozenset({ImportState.CONFIRMED, ImportState.APPLIED, ImportState.STOPPED})


class AskAnswer(msgspec.Struct, frozen=True, rename={"import_id": "import"}):
    """Which import it is; `is_repeat` when the file was brought in before, in the same way."""

    import_id: str
    is_repeat: bool


@dataclass(frozen=True, slots=True)
class Workers:
    """Who will work on what is asked for.

    `call` runs in the transaction of the ask and gives the id of a task; without it the caller
    works itself, under the name `holder`. `most_rows` is how many rows of a file are taken.
    """

    most_rows: int
    call: Callable[[sa.Connection], str] | None = None
    holder: str | None = None

    def values(self, connection: sa.Connection, asked: Asked) -> dict[str, Any]:
        """Columns of an import that say who works on it."""
        until = None if self.holder is None else asked.now + HOLD
        task_id = None if self.call is None else self.call(connection)
        return {"task_id": task_id, "holder": self.holder, "held_until": until}


def ask_preview(
    database: Database, asked: Asked, wish: Wish, workers: Workers
) -> Accepted | Refusal:
    """Have a kept file looked through; the answer is an `AskAnswer`.

    A file that was brought in before in the same way is that import, unless `wish.again`; one that
    was only looked through is looked through anew. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """

    def run(connection: sa.Connection) -> Change | Refusal:
        refused = _check(connection, asked, wish)
        if refused is not None:
            return refused
        choosing = _choosing(connection, asked, wish)
        key = _choices_key(wish, choosing.used)
        known = connection.execute(
            sa.select(file_import)
            .where(file_import.c.file_id == wish.file_id, file_import.c.choices_key == key)
            .order_by(file_import.c.turn.desc())
            .limit(1)
            .with_for_update()
        ).first()
        is_in = known is not None and known.state in _BROUGHT_IN and not wish.again
        if known is not None and is_in:
            return _answer(known.import_id, is_repeat=True)
        values = _wanted(connection, asked, wish, choosing)
        values["most_rows"] = workers.most_rows
        if known is not None and known.state in BEFORE_CONFIRM:
            if _is_held(known, asked) and known.state == ImportState.WAITING:
                return _answer(known.import_id)
            chosen = file_import.c.import_id == known.import_id
            values |= workers.values(connection, asked)
            connection.execute(sa.update(file_import).where(chosen).values(values))
            return _answer(known.import_id)
        import_id = uuid_utils.uuid7().hex
        connection.execute(
            sa.insert(file_import).values(
                import_id=import_id,
                file_id=wish.file_id,
                choices_key=key,
                turn=0 if known is None else known.turn + 1,
                store_id=wish.terms.store,
                **values,
                **workers.values(connection, asked),
            )
        )
        return _answer(import_id)

    write = Write("PreviewImport", wish)
    return write_once(database, asked, write, run)


def confirm(
    database: Database,
    asked: Asked,
    import_id: str,
    workers: Workers,
    *,
    leave_out_moved: bool = False,
) -> Accepted | Refusal:
    """Have a previewed import brought in, or what is left of one that was stopped.

    Nothing is when stock has moved since the preview, unless what moved may be left out. Confirmed
    again it is no error. The answer is an `AskAnswer`. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """

    def run(connection: sa.Connection) -> Change | Refusal:
        row = _locked(connection, import_id)
        if row is None:
            return ImportNotFound(import_id)
        if row.state in {ImportState.CONFIRMED, ImportState.APPLIED}:
            return _answer(import_id, is_repeat=True)
        if row.state not in {ImportState.PREVIEWED, ImportState.STOPPED}:
            return ImportNotReady(import_id, row.state)
        location = row.terms["location"]
        place = read_location(connection, location)
        if place is None or not place.active:
            return UnknownLocation(location)
        moved = find_moved(connection, import_id, location=location, position=row.position)
        if moved is not None and not leave_out_moved:
            return moved
        connection.execute(
            sa.update(file_import)
            .where(file_import.c.import_id == import_id)
            .values(
                state=ImportState.CONFIRMED,
                cancel_asked=False,
                confirmed_by=asked.actor.name,
                confirmed_from=asked.actor.origin,
                confirmed_at=asked.now,
                ended_at=None,
                attempt=0,
                **workers.values(connection, asked),
            )
        )
        _remember(connection, asked, row)
        return _answer(import_id, after=row.counts)

    body = [import_id, leave_out_moved]
    write = Write("ConfirmImport", body)
    return write_once(database, asked, write, run)


def cancel(database: Database, asked: Asked, import_id: str) -> Accepted | Refusal:
    """Give up an import: at once, or at the next safe point where it is being worked on.

    What was brought in by then stays. One that has ended stays as it is. The answer is an
    `AskAnswer`. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """

    def run(connection: sa.Connection) -> Change | Refusal:
        row = _locked(connection, import_id)
        if row is None:
            return ImportNotFound(import_id)
        values: dict[str, Any] = {}
        state = ImportState(row.state)
        if state in {ImportState.WAITING, ImportState.CONFIRMED}:
            values = {"cancel_asked": True}
            if not _is_held(row, asked):
                is_confirmed = state is ImportState.CONFIRMED
                values |= {
                    "state": ImportState.STOPPED if is_confirmed else ImportState.CANCELLED,
                    "ended_at": asked.now,
                    "holder": None,
                    "held_until": None,
                }
        elif state is ImportState.PREVIEWED:
            values = {"state": ImportState.CANCELLED, "ended_at": asked.now}
        if values:
            chosen = file_import.c.import_id == import_id
            connection.execute(sa.update(file_import).where(chosen).values(values))
        return _answer(import_id)

    write = Write("CancelImport", import_id)
    return write_once(database, asked, write, run)


def _wanted(
    connection: sa.Connection, asked: Asked, wish: Wish, choosing: Choosing
) -> dict[str, Any]:
    """Columns of an import that is to be looked through."""
    return {
        "file_name": wish.file_name or _known_name(connection, wish.file_id),
        "state": ImportState.WAITING,
        "terms": msgspec.to_builtins(wish.terms),
        "choices": msgspec.to_builtins(choosing),
        "counts": {},
        "cancel_asked": False,
        "asked_by": asked.actor.name,
        "asked_at": asked.now,
        "attempt": 0,
        "ended_at": None,
    }


def _check(connection: sa.Connection, asked: Asked, wish: Wish) -> Refusal | None:
    terms = wish.terms
    if file_size(connection, wish.file_id) is None:
        return FileNotKept(wish.file_id)
    if terms.store is not None and read_store(connection, terms.store, now=asked.now) is None:
        return StoreNotFound(terms.store)
    place = read_location(connection, terms.location)
    if place is None or not place.active:
        return UnknownLocation(terms.location)
    return None


def _choosing(connection: sa.Connection, asked: Asked, wish: Wish) -> Choosing:
    """How to read the file, with what its store is known by and remembers."""
    given, store_id = wish.choices, wish.terms.store
    if store_id is not None:
        store = read_store(connection, store_id, now=asked.now)
        if store is not None and store.platform is Platform.RAKUTEN:
            shop_code = given.shop_code or store.settings.shop_code or None
            given = replace(given, likely_encoding="cp932", shop_code=shop_code)
    remembered = connection.execute(
        sa.select(import_mapping.c.choices).where(import_mapping.c.store_id == (store_id or ""))
    ).scalar()
    memory = None if remembered is None else msgspec.convert(remembered, Choices)
    return Choosing(given, with_memory(given, memory))


def _known_name(connection: sa.Connection, file_id: str) -> str:
    """What the file was called last."""
    last = sa.select(file_import.c.file_name).where(file_import.c.file_id == file_id)
    name: str | None = connection.execute(
        last.order_by(file_import.c.import_id.desc()).limit(1)
    ).scalar()
    return name or "file"


def _remember(connection: sa.Connection, asked: Asked, row: sa.Row[Any]) -> None:
    """Keep what was said of the columns for the store's next file."""
    memory = worth_remembering(msgspec.convert(row.choices, Choosing).given)
    if memory is not None:
        text = msgspec.json.encode(memory).decode()
        kept = (row.store_id or "", text, asked.actor.name, to_text(asked.now))
        _REMEMBER.run(connection, [kept])


def _choices_key(wish: Wish, used: Choices) -> str:
    """What tells two ways of taking one file apart: 32 hex digits."""
    way = msgspec.json.encode((wish.terms, what_matters(used)), order="deterministic")
    return hashlib.blake2b(way, digest_size=16).hexdigest()


def _locked(connection: sa.Connection, import_id: str) -> sa.Row[Any] | None:
    chosen = file_import.c.import_id == import_id
    return connection.execute(sa.select(file_import).where(chosen).with_for_update()).first()


def _is_held(row: sa.Row[Any], asked: Asked) -> bool:
    return row.held_until is not None and row.held_until > asked.now


def _answer(import_id: str, *, is_repeat: bool = False, after: object = None) -> Change:
    return Change(f"import:{import_id}", AskAnswer(import_id, is_repeat), after=after)
