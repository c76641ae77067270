"""When a failed confirmation is tried again (O4)."""

from datetime import datetime, timedelta

RETRIES = 5


def next_try(failures: int, now: datetime) -> datetime | None:
    """When to confirm again after `failures` (≥ 1) failures: 1, 2, 4, 8, 16 s later, then never."""
    if failures > RETRIES:
        return None
    return now + timedelta(seconds=2 ** (failures - 1))
