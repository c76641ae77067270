"""What a command took is its own, however large whoever asks is."""

import os
import sys

from tests.spent import spend

SMALL = [sys.executable, "-I", "-c", "pass"]
LARGE = [sys.executable, "-I", "-c", "x = bytearray(100_000_000); x[::4096] = x[::4096]"]


def test_memory_is_that_of_the_command_alone() -> None:
    ballast = bytearray(150_000_000)
    ballast[::4096] = b"1" * len(ballast[::4096])

    small = spend(SMALL, env=os.environ)
    large = spend(LARGE, env=os.environ)

    assert (small.code, large.code) == (0, 0)
    assert small.peak_mb < 50
    assert 100 < large.peak_mb < 150


def test_the_way_it_ended_is_told() -> None:
    ended = spend([sys.executable, "-I", "-c", "raise SystemExit(3)"], env=os.environ)

    assert ended.code == 3
    assert ended.seconds >= ended.processor_s > 0
