"""A server started as a person starts it: by `onhand serve`, in a process of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.conftest import SETTINGS

ONHAND = Path(sys.executable).parent / "onhand"
_STOP_LIMIT_S = 20


@dataclass(frozen=True)
class Server:
    """A running server and what it said when it was ready."""

    process: subprocess.Popen[str]
    told: dict[str, Any]

    @property
    def url(self) -> str:
        """Where it is."""
        url: str = self.told["url"]
        return url

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send the signal; gives the exit code and what was on stderr."""
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=_STOP_LIMIT_S)
        return self.process.returncode, err


def surroundings(settings: Mapping[str, str]) -> dict[str, str]:
    """The process environment with these settings and no others."""
    kept = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    return {**kept, **settings}


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Server]:
    """A server in `folder` on a free port until the block ends; without jobs unless asked for."""
    process = subprocess.Popen(
        [ONHAND, "serve", "--json"],
        cwd=folder,
        env=surroundings({"PORT": "0", "LOG_LEVEL": "warning", "RUN_JOBS": "false", **settings}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        yield Server(process, json.loads(line))
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
