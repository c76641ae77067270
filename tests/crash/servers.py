"""Servers that are killed without warning and started again on the same port."""

import json
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.cli.serving import ONHAND, surroundings
from tests.databases import free_port

START_LIMIT_S = 60.0


class MortalServer:
    """`onhand serve` in a process of its own."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        """Nothing runs before `start`; what it writes goes to a log in `folder`."""
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.told: dict[str, Any] = {}
        self._log = folder / f"server-{port}.log"
        self._folder = folder
        self._settings = {
            **settings,
            "PORT": str(port),
            "LOG_LEVEL": "warning",
            "RUN_JOBS": "false",
        }
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it and wait until it is ready."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [ONHAND, "serve", "--json"],
                cwd=self._folder,
                env=surroundings(self._settings),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self._log.read_text()[-2000:]
        self.told = json.loads(line)

    def kill(self) -> None:
        """SIGKILL: no chance to finish anything."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()
        self._process = None
