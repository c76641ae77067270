"""The job that forgets old task records."""

from datetime import timedelta

from onhand.jobs.commands import tasks
from onhand.jobs.registry import Job, JobContext, Outcome

_ROUTINE_DAYS = 7
_ASKED_DAYS = 90


def _forget(context: JobContext) -> Outcome:
    """Forget the records of runs that ended long ago."""
    now = context.clock()
    tasks.forget(
        context.environment.database,
        routine_before=now - timedelta(days=_ROUTINE_DAYS),
        asked_before=now - timedelta(days=_ASKED_DAYS),
    )
    return Outcome()  # nothing to tell: a record of having removed records would only add one


FORGET = Job("jobs.forget", _forget, every=3600, per_store=False)
