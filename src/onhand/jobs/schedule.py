"""What is due when, as one runner remembers it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from onhand.jobs.model import Key, Pulse, wait_s
from onhand.jobs.registry import Job, Registry, StoreRef, UnknownJob


class Schedule:
    """Every job of every active store, and when it runs next; not safe to share between threads.

    Of a key it knows the pulse only while it is `in_care`: between `came` and `left`.
    """

    def __init__(self, registry: Registry) -> None:
        """No store is known yet."""
        self._registry = registry
        self._stores: dict[str, StoreRef] = {}
        self._every_s: dict[Key, float] = {}
        self._since: dict[Key, datetime] = {}
        self._pulses: dict[Key, Pulse] = {}

    @property
    def keys(self) -> list[Key]:
        """What runs by schedule, in the order in which it goes first."""
        return list(self._every_s)

    @property
    def in_care(self) -> list[Key]:
        """What came and has not left."""
        return list(self._since)

    def see(self, stores: Sequence[StoreRef]) -> None:
        """Take the stores as they are now."""
        self._stores = {store.store_id: store for store in stores}
        self._every_s = {}
        for job in self._registry:
            if not job.per_store:
                self._want(Key(job.name, None), job.every_s({}))
                continue
            for store in stores:
                if store.status == "active":
                    self._want(Key(job.name, store.store_id), job.every_s(store.settings))

    def came(self, key: Key, *, ran_at: datetime | None, now: datetime) -> None:
        """It is ours to run from `now`; another last began it at `ran_at`."""
        self._since[key] = now
        self._pulses[key] = Pulse(ran_at=ran_at)

    def left(self, key: Key) -> None:
        """It is not ours any more."""
        self._since.pop(key, None)
        self._pulses.pop(key, None)

    def due(self, now: datetime, busy: Iterable[Key]) -> list[Key]:
        """What should run at `now`, the longest due first, without what is running."""
        waiting = self._waiting(busy)
        # Sorting keeps the order of those that are due at one moment.
        return sorted((key for key in waiting if waiting[key] <= now), key=waiting.__getitem__)

    def next_at(self, busy: Iterable[Key]) -> datetime | None:
        """When something is due next; None: nothing is in our care."""
        return min(self._waiting(busy).values(), default=None)

    def every_s(self, key: Key) -> float | None:
        """Seconds from start to start; None: not by schedule."""
        return self._every_s.get(key)

    def went_well(self, key: Key, *, ran_at: datetime, again_at: datetime | None) -> None:
        """It began at `ran_at` and wants to run next at `again_at`, or (None) by schedule."""
        if key in self._pulses:
            self._pulses[key] = Pulse(ran_at, again_at)

    def wake(self, names: Collection[str], store_id: str | None, *, now: datetime) -> None:
        """Have these jobs run now, in a store or (None) in all; failing ones wait as they do."""
        for key, pulse in self._pulses.items():
            is_there = store_id is None or key.store_id in (None, store_id)
            if key.job in names and is_there and pulse.failures == 0:
                self._pulses[key] = replace(pulse, not_before=now)

    def failed(self, key: Key, *, at: datetime, asked_s: float | None) -> float:
        """It failed; returns the seconds it waits, at least what the shop asked for."""
        pulse = self._pulses.get(key, Pulse())
        failures = pulse.failures + 1
        seconds = wait_s(key.lease_name, failures, asked_s)
        if key in self._pulses:
            not_before = at + timedelta(seconds=seconds)
            self._pulses[key] = replace(pulse, not_before=not_before, failures=failures)
        return seconds

    def askable(self, key: Key) -> Job | None:
        """The job a person may have run: of any store that is not deactivated; None: no such."""
        try:
            job = self._registry.find(key.job)
        except UnknownJob:
            return None
        if not job.per_store:
            return job if key.store_id is None else None
        store = self._stores.get(key.store_id or "")
        return None if store is None or store.status == "inactive" else job

    def _want(self, key: Key, every_s: float | None) -> None:
        if every_s is not None:
            self._every_s[key] = every_s

    def _waiting(self, busy: Iterable[Key]) -> dict[Key, datetime]:
        running = set(busy)
        return {
            key: self._pulses[key].due_at(every_s, self._since[key])
            for key, every_s in self._every_s.items()
            if key in self._pulses and key not in running
        }
