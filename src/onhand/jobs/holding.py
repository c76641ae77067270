"""The leases one runner keeps: taken when free, renewed in good time, let go when not needed."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from onhand.db.database import Database
from onhand.jobs.commands import leases
from onhand.jobs.commands.leases import Lease
from onhand.jobs.model import Key
from onhand.jobs.queries import taken_leases


class Holding:
    """Leases by what they guard, all of one holder; not safe to share between threads."""

    def __init__(
        self, database: Database, holder: str, *, seconds: float, clock: Callable[[], datetime]
    ) -> None:
        """Nothing is held yet; leases are taken for `seconds`."""
        self.seconds = seconds
        self._database = database
        self._holder = holder
        self._clock = clock
        self._leases: dict[Key, Lease] = {}

    def __contains__(self, key: Key) -> bool:
        """Whether we hold it, as far as we know."""
        return key in self._leases

    def lease(self, key: Key) -> Lease:
        """The lease of a key that is held."""
        return self._leases[key]

    def drop(self, key: Key) -> None:
        """Renew it no more: it is lost, or ends by itself."""
        self._leases.pop(key, None)

    def take(self, keys: Iterable[Key]) -> list[Key]:
        """Take those that nobody holds; returns them.

        Raises:
            DatabaseUnavailable, TransactionConflict: none was taken.
        """
        wanted = {key.lease_name: key for key in keys if key not in self._leases}
        if not wanted:
            return []
        with self._database.read() as connection:
            free = wanted.keys() - taken_leases(connection, wanted, now=self._clock())
        if not free:
            return []
        taken = leases.hold_many(
            self._database, free, self._holder, seconds=self.seconds, clock=self._clock
        )
        self._leases |= {wanted[lease.name]: lease for lease in taken}
        return [wanted[lease.name] for lease in taken]

    def renew(self) -> list[Key]:
        """Hold on to all; returns those that turned out to be another's.

        Raises:
            DatabaseUnavailable, TransactionConflict: none was renewed.
        """
        kept = {lease.name for lease in leases.renew(list(self._leases.values()))}
        lost = [key for key, lease in self._leases.items() if lease.name not in kept]
        for key in lost:
            self.drop(key)
        return lost

    def release_all_but(self, needed: Collection[Key]) -> None:
        """Let others have what is not needed here.

        Raises:
            DatabaseUnavailable, TransactionConflict: it ends by itself.
        """
        surplus = [key for key in self._leases if key not in needed]
        gone = [self._leases.pop(key) for key in surplus]
        leases.release(gone)
