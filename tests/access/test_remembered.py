"""What was found good a moment ago: for how long, and of how many."""

from datetime import timedelta

import pytest

from onhand.access.remembered import Remembered
from tests.shop import START, FakeClock


@pytest.mark.parametrize(
    ("ends_after_s", "seconds", "is_known"),
    [
        (None, 4.999, True),
        (None, 5, False),
        (3, 2.999, True),
        (3, 3, False),
        (60, 5, False),
        (None, -1, False),  # the clock was set back
    ],
)
def test_it_is_trusted_for_five_seconds_or_to_its_end(
    clock: FakeClock, ends_after_s: float | None, seconds: float, *, is_known: bool
) -> None:
    known: Remembered[str] = Remembered(clock)
    ends_at = None if ends_after_s is None else START + timedelta(seconds=ends_after_s)
    known.keep("k", "found", at=START, ends_at=ends_at)

    clock.advance(seconds)

    assert known.get("k") == ("found" if is_known else None)
    assert known.get("other") is None


def test_the_oldest_is_forgotten_first(clock: FakeClock) -> None:
    known: Remembered[str] = Remembered(clock, most=3)
    for key in ("a", "b", "c", "a", "d"):
        known.keep(key, key.upper(), at=START, ends_at=None)
    known.forget("c")

    assert [known.get(key) for key in "abcd"] == ["A", None, None, "D"]
