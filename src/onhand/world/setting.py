"""What a simulated world is asked to be."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

# A Sunday evening in Japan; the licence keys of simulated shops work 90 days from then.
START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
# Shops are connected before anybody buys: catalogues are pulled, numbers read and told.
OPENING = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Setting:
    """One world; the same setting gives the same one.

    `home` is an empty folder, `url` an empty database (None: a file in `home`). With `baseline`
    shops are told absolute numbers, as naive tools do it.
    """

    home: Path
    seed: int = 1
    days: float = 1.0
    stores: int = 3
    skus: int = 20
    orders_per_hour: float = 1.0  # of each shop
    shares: bool = True  # every store has a rule of its own; else all show everything
    faults: bool = False
    crashes: int = 0
    baseline: bool = False
    url: str | None = None

    @property
    def opens_at(self) -> datetime:
        """When the first buyers come."""
        return START + OPENING

    @property
    def ends_at(self) -> datetime:
        """When no new buyers come any more."""
        return self.opens_at + timedelta(days=self.days)
