"""A bounded closed-loop HTTP/1.1 load generator for the loopback interface.

Each connection sends the next request as soon as its answer has arrived, so the number of
connections is the concurrency. It runs in a process of its own (`python -m benchmarks.load
PLAN.json`), because a client that shares the server's interpreter measures itself.
"""

import argparse
import asyncio
import ipaddress
import json
import struct
import subprocess
import sys
import tempfile
import time
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import cast

import uvloop

from benchmarks.failures import FigureFailed

_LENGTH = struct.Struct(">I")
_END_OF_HEAD = b"\r\n\r\n"


class LoadFailed(FigureFailed):
    """The load could not be carried out as planned."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send: `requests` in all, the first `warm_up` of them left out of the figures.

    Connections take turns among the ports, one for each server process.
    """

    ports: tuple[int, ...]
    requests_file: str
    connections: int
    requests: int
    warm_up: int = 0
    time_limit_s: float = 60.0
    host: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back; latencies are per request, from the write to the last byte read."""

    answered: int
    seconds: float
    rate_per_s: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    statuses: dict[str, int]
    sample: dict[str, str] = field(default_factory=dict)

    def only(self, *statuses: int) -> "Outcome":
        """Return this outcome; raises LoadFailed when any other status was answered."""
        strange = set(self.statuses) - {str(status) for status in statuses}
        if strange:
            answers = "; ".join(f"{status}: {self.sample[status]}" for status in sorted(strange))
            raise LoadFailed(f"unexpected answers {self.statuses}: {answers}")
        return self


def render(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Return the bytes of one keep-alive HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode("ascii") + _END_OF_HEAD + body


def write_requests(path: Path, requests: Iterable[bytes]) -> int:
    """Write pre-rendered requests for a Plan and return how many there are."""
    count = 0
    with path.open("wb") as file:
        for request in requests:
            file.write(_LENGTH.pack(len(request)))
            file.write(request)
            count += 1
    return count


def read_requests(path: Path) -> list[bytes]:
    """Return the requests that `write_requests` wrote."""
    data = path.read_bytes()
    requests = []
    at = 0
    while at < len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        requests.append(data[at : at + length])
        at += length
    return requests


class _Run:
    """The shared counters of all connections of one load."""

    def __init__(self, plan: Plan, requests: Sequence[bytes]) -> None:
        self.plan = plan
        self.requests = requests
        self.sent = 0
        self.answered = 0
        self.started = 0.0
        self.last_answer = 0.0
        self.latencies_s = array("d")
        self.statuses: Counter[bytes] = Counter()
        self.sample: dict[str, str] = {}
        self.deadline = time.perf_counter() + plan.time_limit_s
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def next_request(self) -> bytes | None:
        if self.sent == self.plan.requests:
            return None
        if self.sent == self.plan.warm_up:
            self.started = time.perf_counter()
        request = self.requests[self.sent % len(self.requests)]
        self.sent += 1
        return request

    def answer(self, status: bytes, sent_at: float, now: float, body: bytes) -> None:
        self.answered += 1
        if sent_at >= self.started > 0.0:
            self.latencies_s.append(now - sent_at)
            self.last_answer = now
        if status not in self.statuses:
            self.sample[status.decode()] = body[:400].decode("utf-8", "replace")
        self.statuses[status] += 1
        if self.answered == self.plan.requests:
            self.finished.set_result(None)
        elif now > self.deadline:
            self.fail(f"{self.answered} of {self.plan.requests} answered in the time limit")

    def fail(self, reason: str) -> None:
        if not self.finished.done():
            self.finished.set_exception(LoadFailed(reason))


class _Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request under way."""

    def __init__(self, run: _Run) -> None:
        self.run = run
        self.transport: asyncio.WriteTransport | None = None
        self.buffer = b""
        self.sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods without being subclasses.
        self.transport = cast(asyncio.WriteTransport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.run.finished.done():
            self.run.fail(f"the server closed a connection: {exc}")

    def send_next(self) -> None:
        request = self.run.next_request()
        if request is not None and self.transport is not None:
            self.sent_at = time.perf_counter()
            self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self.buffer:
            data = self.buffer + data
        head_end = data.find(_END_OF_HEAD)
        if head_end < 0:
            self.buffer = data
            return
        body_start = head_end + 4
        status = data[9:12]
        length = body_length(data[:body_start], status)
        if length is None:
            self.run.fail(f"an answer without content-length: {data[:head_end]!r}")
            return
        if len(data) < body_start + length:
            self.buffer = data
            return
        self.buffer = b""
        self.run.answer(status, self.sent_at, time.perf_counter(), data[body_start:])
        self.send_next()


def body_length(head: bytes, status: bytes) -> int | None:
    """Return the length in bytes that an answer's head announces, None when it does not."""
    at = head.find(b"content-length:")
    if at < 0:
        head = head.lower()
        at = head.find(b"content-length:")
    if at < 0:
        return 0 if status in (b"204", b"304") else None
    return int(head[at + 15 : head.index(b"\r", at)])


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which `share` (0..1) of the ordered values lie."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def _drive(plan: Plan, requests: Sequence[bytes]) -> Outcome:
    run = _Run(plan, requests)
    loop = asyncio.get_running_loop()
    connections: list[_Connection] = []
    for number in range(plan.connections):
        port = plan.ports[number % len(plan.ports)]
        _, connection = await loop.create_connection(lambda: _Connection(run), plan.host, port)
        connections.append(connection)
    for connection in connections:
        connection.send_next()
    async with asyncio.timeout(plan.time_limit_s):
        await run.finished
    for connection in connections:
        if connection.transport is not None:
            connection.transport.close()
    ordered = sorted(run.latencies_s)
    seconds = run.last_answer - run.started
    return Outcome(
        answered=len(ordered),
        seconds=seconds,
        rate_per_s=len(ordered) / seconds,
        p50_ms=percentile(ordered, 0.50) * 1000,
        p99_ms=percentile(ordered, 0.99) * 1000,
        max_ms=ordered[-1] * 1000,
        statuses={status.decode(): count for status, count in run.statuses.items()},
        sample=run.sample,
    )


def drive(plan: Plan) -> Outcome:
    """Carry out a plan in this process; raises LoadFailed, and for any host but loopback."""
    if not ipaddress.ip_address(plan.host).is_loopback:
        raise LoadFailed(f"{plan.host} is not a loopback address")
    if plan.warm_up >= plan.requests:
        raise LoadFailed("the warm-up leaves nothing to measure")
    requests = read_requests(Path(plan.requests_file))
    try:
        return uvloop.run(_drive(plan, requests))
    except TimeoutError as error:
        raise LoadFailed(f"not finished within {plan.time_limit_s} s") from error


def send(plan: Plan) -> Outcome:
    """Carry out a plan in a process of its own; raises LoadFailed."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(asdict(plan), file)
        file.flush()
        command = [sys.executable, "-m", "benchmarks.load", file.name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LoadFailed(done.stderr.strip().splitlines()[-1] if done.stderr else "no answer")
    return Outcome(**json.loads(done.stdout))


def main() -> int:
    """Carry out the plan named on the command line and print its outcome as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("plan", type=Path, help="a JSON file with the fields of Plan")
    arguments = parser.parse_args()
    try:
        outcome = drive(Plan(**json.loads(arguments.plan.read_text())))
    except (LoadFailed, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(asdict(outcome)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
