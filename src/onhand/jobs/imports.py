"""Jobs that look through files and bring them in (I1–I4)."""

from onhand.imports.commands.files import forget_left_over
from onhand.imports.commands.forgetting import forget_previews
from onhand.imports.commands.work import work_on
from onhand.imports.commands.working import Stop, Workshop
from onhand.jobs.registry import Job, JobContext, Outcome
from onhand.jobs.task_run import TaskRun

WORK = "imports.work"


class _Told:
    """Tells a task how far its import is."""

    def __init__(self, task: TaskRun) -> None:
        self._task = task

    def advance(self, done: int, total: int | None) -> None:
        """Write it to the task, now and then."""
        self._task.advance(done, total)

    def wants_stop(self) -> Stop | None:
        """Cancelling the task cancels the import that it works on."""
        if not self._task.cancelled:
            return None
        return Stop.CANCEL if self._task.cancel_asked else Stop.LATER


def work(context: JobContext) -> Outcome:
    """Read files that were given, and bring in those that were confirmed."""
    environment, task = context.environment, context.task
    holder = f"{task.lease.holder}:{task.lease.fence}"
    workshop = Workshop(environment.database, environment.ledger, context.clock, holder)
    done = 0
    while not task.cancelled and work_on(workshop, _Told(task)) is not None:
        done += 1
    return Outcome(done=done)


def forget(context: JobContext) -> Outcome:
    """Forget previews that nobody confirmed, and delete files that nobody needs any more."""
    environment, now = context.environment, context.clock()
    forgotten = forget_previews(environment.database, asked_before=now - environment.previews_kept)
    forget_left_over(environment.database, now=now)
    return Outcome(done=forgotten)


JOBS = (
    # By schedule for what a process left behind, and so that somebody always holds its lease.
    Job(WORK, work, every=10.0, per_store=False),
    Job("imports.forget", forget, every=24 * 3600.0, per_store=False),
)
