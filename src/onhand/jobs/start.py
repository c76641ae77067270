"""Starting the jobs of both environments in this process."""

from collections.abc import Sequence

import msgspec

from onhand.bootstrap.environment import Environment, Onhand
from onhand.catalog.queries.stores import list_stores
from onhand.jobs.all import ALL_JOBS
from onhand.jobs.registry import Job, StoreRef
from onhand.jobs.runner import Runner
from onhand.jobs.scheduler import Scheduler, start


def start_jobs(onhand: Onhand) -> Scheduler:
    """Run every job of both environments until the scheduler is stopped."""
    runners = [runner_of(environment) for environment in onhand.environments]
    return start(runners, clock=onhand.live.clock)


def runner_of(environment: Environment, jobs: Sequence[Job] = ALL_JOBS) -> Runner:
    """What runs an environment's jobs; nothing runs before it is asked to."""

    def stores() -> list[StoreRef]:
        with environment.database.read() as connection:
            found = list_stores(connection, now=environment.clock())
        return [StoreRef(s.store, s.status, msgspec.to_builtins(s.settings)) for s in found]

    return Runner(environment, jobs, stores=stores, clock=environment.clock)
