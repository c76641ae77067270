"""Runs a command and tells what it took, by a small process between it and whoever asks.

The kernel counts what a process was before it became the command as the command's own memory: a
child of a large process would seem to be as large, whatever it does.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple


class Spent(NamedTuple):
    """How a command ended and what it took: wall clock and processor seconds, most memory in MB."""

    code: int
    seconds: float
    processor_s: float
    peak_mb: float


def spend(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    stdout: IO[bytes] | int | None = None,
    stderr: IO[bytes] | int | None = None,
) -> Spent:
    """Run a command to its end."""
    with tempfile.NamedTemporaryFile(suffix=".json") as told:
        between = [sys.executable, "-I", str(Path(__file__).resolve()), told.name, *command]
        subprocess.run(between, env=dict(env), stdout=stdout, stderr=stderr, check=True)
        return Spent(*json.loads(Path(told.name).read_text()))


def _run(told: str, *command: str) -> None:
    began = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    # Popen would otherwise look for a process that has been waited for.
    process.returncode = os.waitstatus_to_exitcode(status)
    processor_s = usage.ru_utime + usage.ru_stime
    took = Spent(process.returncode, seconds, processor_s, usage.ru_maxrss / 1024)
    Path(told).write_text(json.dumps(took))


if __name__ == "__main__":
    _run(*sys.argv[1:])
