"""Taking back an import, adjustment, count or transfer as a group, once (S13)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from onhand.access.commands import AuditEntry, Change, Write, identify, record, write_once
from onhand.access.model import Accepted, Asked, IdempotencyConflict, Refusal
from onhand.access.queries import first_answer
from onhand.db.errors import DatabaseUnavailable, TransactionConflict
from onhand.stock.commands.answers import UndoPart
from onhand.stock.commands.ledger import Ledger, caller_for
from onhand.stock.model.commands import Command, Undo, UndoHow, UndoLine
from onhand.stock.model.refusals import Broken, UndoBreaks
from onhand.stock.model.undo import breaks_of, by_sku, undo_reference
from onhand.stock.queries.undo import (
    KEY_SPACE,
    Group,
    Named,
    answer_of,
    breaks_now,
    find_group,
    part_key,
    read_parts,
)

SKUS_AT_ONCE = 500  # of one command, and of one transaction where not all must go together
_ATTEMPTS = 8

# Told at the beginning of each transaction of an undo: which group, and whether its last part is in
# it. May refuse.
Before = Callable[[sa.Connection, str, bool], Refusal | None]


@dataclass(frozen=True, slots=True)
class GroupUndo:
    """What is to be taken back, and what becomes of the rest when some of it cannot be.

    `before` is what whoever wrote the group has to say.
    """

    named: Named
    how: UndoHow
    before: Before = lambda *_: None


@dataclass(frozen=True, slots=True)
class _Task:
    ledger: Ledger
    group: Group
    how: UndoHow
    asked: Asked
    write: Write
    before: Before


def undo(ledger: Ledger, asked: Asked, ask: GroupUndo) -> Accepted | Refusal:
    """Take a group back by counter-events; the answer is an `UndoAnswer`.

    Happens once: who asks again, also at the same moment or in the other way, gets the first
    answer. All or nothing is one transaction; what is possible goes on in several, and after a
    crash the next call goes on where it ended. Nothing may be added to the group meanwhile.

    Raises:
        DatabaseUnavailable: repeat the call.
    """
    with ledger.database.read() as connection:
        group = find_group(connection, ask.named)
    if isinstance(group, Refusal):
        return group
    write = Write("AskUndo", (group.name, ask.how))
    task = _Task(ledger, group, ask.how, asked, write, ask.before)
    did_some = False
    for _ in range(_ATTEMPTS + len(group.lines)):  # each turn does a part, or loses a race for it
        with ledger.database.read() as connection:
            parts = read_parts(connection, group.name)
        if parts and parts[-1][0].is_last:
            break
        result = _decide(task, _next_commands(task, [part for part, _ in parts]))
        if isinstance(result, Refusal):
            return result
        did_some = did_some or result
    else:
        raise DatabaseUnavailable("too many conflicting transactions")
    refusal = _claim_key(task)
    answer = answer_of(group.name, parts)
    text = msgspec.json.encode(answer).decode()
    return refusal or Accepted(answer.undo_id, text, replayed=not did_some)


def _next_commands(task: _Task, parts: Sequence[UndoPart]) -> list[Command]:
    """What is still to be decided: everything, or the next part where not all must go together."""
    done = {level.sku for part in parts for level in part.levels}
    done |= {broken.sku for part in parts for broken in part.left_out}
    rest = [(sku, lines) for sku, lines in by_sku(task.group.lines) if sku not in done]
    how = parts[0].how if parts else task.how
    in_parts = how is UndoHow.WHAT_IS_POSSIBLE
    if in_parts and not parts:
        # What can be taken back goes first: a first part in vain is an undo in vain.
        with task.ledger.database.read() as connection:
            broken = breaks_now(connection, task.group.lines, task.asked.now)
        rest.sort(key=lambda item: item[0] in broken)
    shares = [rest[at : at + SKUS_AT_ONCE] for at in range(0, len(rest), SKUS_AT_ONCE)] or [[]]
    commands = [
        _command(
            task,
            Undo(
                task.group.name,
                how,
                _flat(share),
                len(parts) + number,
                number == len(shares) - 1,
                undo_reference(task.group.name),
            ),
        )
        for number, share in enumerate(shares)
    ]
    return commands[:1] if in_parts else commands


def _flat(share: Sequence[tuple[str, list[UndoLine]]]) -> tuple[UndoLine, ...]:
    return tuple(line for _, lines in share for line in lines)


def _command(task: _Task, ask: Undo) -> Command:
    key = part_key(ask.undoes, ask.part)
    return Command(caller_for(task.asked.actor), ask, idempotency_key=key, key_space=KEY_SPACE)


def _decide(task: _Task, commands: Sequence[Command]) -> bool | Refusal:
    """Do all of these or none, with the caller's key; False when another was quicker."""
    ledger, request = task.ledger, identify(task.asked, task.write)
    for _ in range(_ATTEMPTS):
        try:
            with ledger.database.begin_ledger() as connection:
                known = first_answer(connection, request)
                if isinstance(known, IdempotencyConflict):
                    return known
                is_last = any(isinstance(one.ask, Undo) and one.ask.is_last for one in commands)
                refused = task.before(connection, task.group.name, is_last)
                if refused is not None:
                    connection.rollback()
                    return refused
                # One by one: decided together they would need the memory of all.
                results = [ledger.execute_within(connection, [one])[0] for one in commands]
                refusals = [result for result in results if isinstance(result, Refusal)]
                if refusals or all(isinstance(r, Accepted) and r.replayed for r in results):
                    connection.rollback()
                    return _merged(task, refusals)
                if request.idempotency_key is not None and known is None:
                    record(
                        connection,
                        AuditEntry(
                            request=request,
                            actor=task.asked.actor,
                            action=task.write.action,
                            subject=task.group.name,
                            recorded_at=task.asked.now,
                            answer="null",
                        ),
                    )
        except TransactionConflict:
            continue  # another process won a key or a lock; what it wrote is visible now
        if ledger.at_change is not None:
            ledger.at_change()
        return True
    raise DatabaseUnavailable("too many conflicting transactions")


def _merged(task: _Task, refusals: Sequence[Refusal]) -> bool | Refusal:
    """One refusal for all parts; False where another has done one of them meanwhile."""
    broken: list[Broken] = []
    count = 0
    for refusal in refusals:
        if isinstance(refusal, IdempotencyConflict):
            return False
        if not isinstance(refusal, UndoBreaks):
            return refusal
        broken += refusal.breaks
        count += refusal.broken
    return breaks_of(task.group.name, broken, count) if broken else False


def _claim_key(task: _Task) -> Refusal | None:
    """Note the caller's key also where others did all the work."""
    if task.asked.idempotency_key is None:
        return None
    change = Change(task.group.name, None)
    result = write_once(task.ledger.database, task.asked, task.write, lambda _: change)
    return result if isinstance(result, Refusal) else None
