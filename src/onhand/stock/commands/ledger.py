"""The ledger's executor: many independent commands, one transaction (S14)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from onhand.access.commands import new_command_id
from onhand.access.model import Accepted, Actor
from onhand.db.database import Database
from onhand.db.errors import DatabaseUnavailable, TransactionConflict
from onhand.stock.commands.load import Answers, Page, first_answers, load, resolve
from onhand.stock.commands.pending import Pending, Result, identify
from onhand.stock.commands.write import Entry, answer, write
from onhand.stock.model.book import Book, Stamp
from onhand.stock.model.commands import Caller, Command, Policy
from onhand.stock.model.decide import decide
from onhand.stock.model.events import Source
from onhand.stock.model.refusals import IdempotencyConflict, Refusal

_ATTEMPTS = 8


def caller_for(actor: Actor) -> Caller:
    """The ledger's caller for who asked another room, which has looked at what they may do."""
    return Caller(actor.name, Source(actor.source), actor.origin, touches_all=True)


class Ledger:
    """Writes one environment's stock; safe to call from several threads and processes."""

    def __init__(
        self, database: Database, *, clock: Callable[[], datetime], policy: Policy
    ) -> None:
        """`clock` gives the current moment in UTC."""
        self.database = database
        # Called after each commit of `execute`; it must neither wait nor raise.
        self.at_change: Callable[[], None] | None = None
        self._clock = clock
        self._policy = policy

    def execute(self, commands: Sequence[Command]) -> list[Result]:
        """Decide commands in order, each all-or-nothing, and commit what was accepted.

        A refused command harms no other. Raises:
            DatabaseUnavailable: nothing was acknowledged; the same call may be repeated safely
                where the commands carry idempotency keys.
        """
        pending = [identify(command) for command in commands]
        for _ in range(_ATTEMPTS):
            try:
                results = self._attempt(pending)
            except TransactionConflict:
                continue  # another process won a key or a lock; what it wrote is visible now
            if self.at_change is not None:
                self.at_change()
            return results
        raise DatabaseUnavailable("too many conflicting transactions")

    def execute_grouped(self, commands: Sequence[Command]) -> list[Result | BaseException]:
        """Like `execute`, but a command that breaks the batch is found and answered alone."""
        try:
            return list(self.execute(commands))
        except DatabaseUnavailable as error:
            return [error] * len(commands)
        except (sa.exc.SQLAlchemyError, ValueError) as error:  # such as text no database takes
            if len(commands) == 1:
                return [error]
            return [self.execute_grouped([command])[0] for command in commands]

    def execute_within(
        self, connection: sa.Connection, commands: Sequence[Command]
    ) -> list[Result]:
        """Like `execute`, as part of a transaction that `database.begin_ledger` opened.

        Raises:
            TransactionConflict: the caller runs its whole transaction again.
        """
        pending = [identify(command) for command in commands]
        names: dict[str, str] = {}
        while True:
            page = load(connection, pending, names=names, clock=self._clock, policy=self._policy)
            if not page.unresolved:
                return _decide_and_write(connection, page, pending)
            names.update(resolve(connection, page.unresolved))

    def _attempt(self, pending: list[Pending]) -> list[Result]:
        names: dict[str, str] = {}
        while True:
            with self.database.begin_ledger() as connection:
                page = load(
                    connection,
                    pending,
                    names=names,
                    clock=self._clock,
                    policy=self._policy,
                )
                if not page.unresolved:
                    return _decide_and_write(connection, page, pending)
            with self.database.read() as reading:
                names.update(resolve(reading, page.unresolved))


@dataclass(slots=True)
class _Decided:
    results: list[Result] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)


def _decide_and_write(
    connection: sa.Connection, page: Page, pending: list[Pending]
) -> list[Result]:
    decided = _decide_all(page.book, pending, page.answers)
    results = decided.results
    # Another process may have done a command while this one waited for its lock: what is refused
    # for that is none. What is accepted for that meets the key when it is written.
    refused = {
        number: item
        for number, item in enumerate(pending)
        if isinstance(results[number], Refusal) and item.command.idempotency_key is not None
    }
    if refused:
        known = first_answers(connection, [item.command_id for item in refused.values()])
        for number, item in refused.items():
            if item.command_id in known:
                results[number] = _replay(item, known[item.command_id])
    write(connection, page.book, decided.entries)
    return results


def _decide_all(book: Book, pending: list[Pending], known: Answers) -> _Decided:
    """Decide in order of arrival; `known` grows with the batch."""
    book.expire_due(Stamp(new_command_id(), "system", Source.SYSTEM.value, reason="expired"))
    decided = _Decided()
    for item in pending:
        first = known.get(item.command_id)
        if first is not None:
            decided.results.append(_replay(item, first))
            continue
        draft = decide(book, item.command, item.command_id)
        if isinstance(draft, Refusal):
            decided.results.append(draft)
            continue
        text = answer(draft, item.command)
        known[item.command_id] = (item.request_hash, text)
        decided.entries.append(Entry(item, text, draft))
        decided.results.append(Accepted(item.command_id, text, replayed=False))
    return decided


def _replay(item: Pending, first: tuple[str, str]) -> Result:
    request_hash, text = first
    if request_hash != item.request_hash:
        return IdempotencyConflict(item.command.idempotency_key or "")
    return Accepted(item.command_id, text, replayed=True)
