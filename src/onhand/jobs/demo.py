"""The job that keeps the demo's shops from selling out."""

from onhand.access.model import EnvironmentName
from onhand.jobs.registry import Job, JobContext, Outcome


def restock(context: JobContext) -> Outcome:
    """Receive what the demo's shops are about to run out of, a little at a time."""
    environment = context.environment
    if environment.name is not EnvironmentName.TEST:
        return Outcome()
    # The demo needs the simulated shops, which most processes never do.
    from onhand.bootstrap import demo  # noqa: PLC0415

    done = demo.restock(environment.database, environment.ledger, now=context.clock())
    return Outcome(done=len(done))


RESTOCK = Job("demo.restock", restock, every=600.0, per_store=False, wakes=("sync.follow",))
