"""Leases: a name is held by one holder at a time, and by nobody once its time is over.

Moments come from the clock that is passed in. Where several machines share a database, their
clocks must agree to a few seconds, or a lease may be taken that long before its holder thinks it
ends; `check_held` tells such a late holder apart whatever the clocks say.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from onhand.db.database import Database
from onhand.db.types import UtcTimestamp
from onhand.jobs.tables import lease as lease_table

_Clock = Callable[[], datetime]

# The condition is judged on the newest row, behind its lock: whoever comes second sees the first.
_HOLD = (
    sa.text(
        """
    INSERT INTO lease (name, holder, until, fence) VALUES (:name, :holder, :until, 1)
    ON CONFLICT (name) DO UPDATE
    SET holder = excluded.holder, until = excluded.until, fence = lease.fence + 1
    WHERE lease.until <= :now
    RETURNING fence, ran_at
    """
    )
    .bindparams(
        sa.bindparam("until", type_=UtcTimestamp()),
        sa.bindparam("now", type_=UtcTimestamp()),
    )
    .columns(fence=sa.BigInteger, ran_at=UtcTimestamp)
)

# Whether a row is one of some leases of one holder; one text for any number of them, composed once.
_OURS = sa.and_(
    lease_table.c.holder == sa.bindparam("ours"),
    sa.tuple_(lease_table.c.name, lease_table.c.fence).in_(sa.bindparam("held", expanding=True)),
)
_RENEW = (
    sa.update(lease_table)
    .where(_OURS)
    .values(until=sa.bindparam("newly"))
    .returning(lease_table.c.name, lease_table.c.fence)
)
_NOTE_RAN = sa.update(lease_table).where(_OURS).values(ran_at=sa.bindparam("newly"))


class LeaseLost(Exception):
    """Another holder has the lease: stop, and write nothing more."""

    def __init__(self, name: str) -> None:
        """`name` is the lease's."""
        super().__init__(f"the lease {name} was lost")
        self.name = name


@dataclass(slots=True)
class Lease:
    """A name held until a moment; `fence` is greater than that of every holder before.

    `ran_at` is what the holder before wrote with `note_ran`.
    """

    database: Database
    clock: _Clock
    seconds: float
    name: str
    holder: str
    fence: int
    until: datetime
    ran_at: datetime | None

    def is_held(self, now: datetime) -> bool:
        """Whether it cannot be anybody else's at this moment, by our clock."""
        return now < self.until

    def renew(self) -> bool:
        """Hold it from now for its whole time again; False when it is another's by now.

        A lease that ended may still be renewed while nobody else took it. Raises:
            DatabaseUnavailable: it ends at `until` unless a later try succeeds.
        """
        return renew([self]) == [self]

    def release(self) -> None:
        """Let others have it at once; nothing happens when it is another's by now.

        Raises:
            DatabaseUnavailable: it ends by itself.
        """
        release([self])


def hold(
    database: Database, name: str, holder: str, *, seconds: float, clock: _Clock
) -> Lease | None:
    """Take the lease `name` for `seconds`; None while another (or the same) holder has it.

    `holder` is unique to the process and its start. Raises:
        DatabaseUnavailable: nothing was taken, or it ends by itself.
        TransactionConflict: nothing was taken; try again.
    """
    taken = hold_many(database, [name], holder, seconds=seconds, clock=clock)
    return taken[0] if taken else None


def hold_many(
    database: Database, names: Iterable[str], holder: str, *, seconds: float, clock: _Clock
) -> list[Lease]:
    """Take those of the leases that are free, in one transaction.

    Raises:
        DatabaseUnavailable: nothing was taken, or it ends by itself.
        TransactionConflict: nothing was taken; try again.
    """
    now = clock()  # before waiting for anybody: our time then ends early rather than late
    until = now + timedelta(seconds=seconds)
    taken = []
    with database.begin() as connection:
        for name in sorted(names):
            facts = {"name": name, "holder": holder, "until": until, "now": now}
            row = connection.execute(_HOLD, facts).first()
            if row is not None:
                fence, ran_at = row
                taken.append(Lease(database, clock, seconds, name, holder, fence, until, ran_at))
    return taken


def renew(leases: Sequence[Lease]) -> list[Lease]:
    """Those of one holder's leases that are still its own, held for their whole time again.

    Raises:
        DatabaseUnavailable: they end at their `until` unless a later try succeeds.
        TransactionConflict: the same.
    """
    if not leases:
        return []
    first = leases[0]
    until = first.clock() + timedelta(seconds=first.seconds)
    with first.database.begin() as connection:
        rows = connection.execute(_RENEW, {**_held(leases), "newly": until})
        renewed = {(name, fence) for name, fence in rows}
    kept = [lease for lease in leases if (lease.name, lease.fence) in renewed]
    for lease in kept:
        lease.until = until
    return kept


def release(leases: Sequence[Lease]) -> None:
    """Let others have these leases of one holder at once.

    Raises:
        DatabaseUnavailable: they end by themselves.
        TransactionConflict: the same.
    """
    if not leases:
        return
    first = leases[0]
    now = first.clock()
    with first.database.begin() as connection:
        connection.execute(
            sa.update(lease_table).where(_OURS).values(until=now, holder=None), _held(leases)
        )
    for lease in leases:
        lease.until = now


def note_ran(lease: Lease, at: datetime) -> None:
    """Keep for later holders that the job of this lease last began at this moment.

    Raises:
        DatabaseUnavailable: a next holder may run the job sooner than need be.
        TransactionConflict: the same.
    """
    with lease.database.begin() as connection:
        connection.execute(_NOTE_RAN, {**_held([lease]), "newly": at})


def check_held(connection: sa.Connection, lease: Lease) -> None:
    """Make sure that the lease stays this holder's until the transaction ends.

    Raises:
        LeaseLost: another holder has it.
    """
    row = connection.execute(
        sa.select(lease_table.c.fence).where(_OURS).with_for_update(read=True), _held([lease])
    ).first()
    if row is None:
        raise LeaseLost(lease.name)


def _held(leases: Sequence[Lease]) -> dict[str, object]:
    """These leases, all of one holder, as `_OURS` asks for them."""
    held = sorted((lease.name, lease.fence) for lease in leases)
    return {"ours": leases[0].holder, "held": held}
