"""The baseline: what tools do that tell every shop the absolute number whenever it changes."""

from dataclasses import replace

from onhand.channels.port import Channel, ListingKey, PushMode, StockChange
from onhand.jobs.all import ALL_JOBS
from onhand.jobs.at_shop import at_shop
from onhand.jobs.registry import Job, JobContext, Outcome
from onhand.sync.commands.targets import Targets
from onhand.world.queries import mapped_listings

# Rarer than for real, which saves the world wakings: checks compare what was not compared for an
# hour, nobody maps a listing by hand, registers a SKU or imports a file here, and replanning finds
# what nothing else has marked.
_RARER = {
    "sync.check": 3600.0,
    "sync.replan": 3 * 3600.0,
    "orders.hold-mapped": 6 * 3600.0,
    "orders.clear-desk": 3600.0,
    "catalog.map": 6 * 3600.0,
    "imports.work": 6 * 3600.0,
    "demo.restock": 6 * 3600.0,
}


def fenced_jobs() -> list[Job]:
    """Onhand's own jobs."""
    return [replace(job, every=_RARER.get(job.name, job.every)) for job in ALL_JOBS]


def naive_jobs() -> list[Job]:
    """The same jobs, but a naive push in the place of sync."""
    kept = [job for job in fenced_jobs() if not job.name.startswith("sync.")]
    return [*kept, Job("naive.push", _NaivePush().run, every=1.0, follows_ledger=True)]


class _NaivePush:
    """Keeps in memory what it told each shop, and tells it every number that changed."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, ListingKey], int] = {}

    def run(self, context: JobContext) -> Outcome:
        """Tell one shop all numbers that are not what it was told last."""
        database, store_id = context.environment.database, context.store
        listings = [row for row in mapped_listings(database) if row.store == store_id]
        told = 0
        with at_shop(context) as channel:
            with database.read() as connection:
                sku_of = {row.listing_id: row.sku for row in listings}
                most = channel.limits.most_units
                targets = Targets(connection, store_id, sku_of, most=most, now=context.clock())
                changes = [
                    StockChange(ListingKey(row.item, row.variant), PushMode.ABSOLUTE, units)
                    for row in listings
                    if (units := targets.units(row.listing_id)) is not None
                    and self._told.get((store_id, ListingKey(row.item, row.variant))) != units
                ]
            told = self._tell(store_id, channel, changes)
        return Outcome(done=told)

    def _tell(self, store_id: str, channel: Channel, changes: list[StockChange]) -> int:
        size = channel.limits.rows_per_push
        for start in range(0, len(changes), size):
            channel.push_stock(changes[start : start + size])
            for change in changes[start : start + size]:
                self._told[store_id, change.key] = change.units
        return len(changes)
