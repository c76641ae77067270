"""Server processes under measurement: started on a free loopback port and always stopped."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.failures import FigureFailed

START_LIMIT_S = 30.0
STOP_LIMIT_S = 20.0
_NO_BYTE_CODE = "PYTHONDONTWRITEBYTECODE"


class ServerFailed(FigureFailed):
    """A server did not start; the message ends with what it wrote."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server and how long it took to its first answer."""

    port: int
    pid: int
    start_s: float


def variables(more: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a measured process: ours and `more`.

    Byte code is kept as on any machine that did not switch it off; without it each start compiles
    every module anew.
    """
    kept = {name: value for name, value in os.environ.items() if name != _NO_BYTE_CODE}
    return {**kept, **more}


def free_port() -> int:
    """Return a loopback TCP port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int, path: str) -> bool:
    """Return whether an HTTP GET of `path` on the port is answered with any status."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            return connection.recv(12).startswith(b"HTTP/1.1")
    except OSError:
        return False


@contextmanager
def running(
    command: Sequence[str],
    *,
    port: int,
    log: Path,
    probe: str = "/",
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Run a server until the block ends; raises ServerFailed when it never answers."""
    with log.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=variables(environment or {}),
            start_new_session=True,
        )
        try:
            while not answers(port, probe):
                late = time.perf_counter() - began > START_LIMIT_S
                if late or process.poll() is not None:
                    raise ServerFailed(f"{' '.join(command)}: {log.read_text()[-2000:]}")
                time.sleep(0.005)
            yield Server(port, process.pid, time.perf_counter() - began)
        finally:
            stop(process)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a process and its children, politely first."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def module_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a Python module with this interpreter."""
    return [sys.executable, "-m", module, *arguments]


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process and its descendants, in MB, shared pages once.

    Source: `Pss` of /proc/PID/smaps_rollup, which divides a shared page among its users.
    """
    kilobytes = 0
    for member in [pid, *descendants(pid)]:
        for line in Path(f"/proc/{member}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                kilobytes += int(line.split()[1])
    return kilobytes / 1024


def descendants(pid: int) -> list[int]:
    """Return the process ids below a process."""
    below: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            below += [int(child), *descendants(int(child))]
    return below
