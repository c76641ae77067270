"""The simulated Rakuten as a server: on its own, or beside `onhand serve`."""

import asyncio
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from onhand.bootstrap.clock import utc_now
from onhand.bootstrap.settings import Settings
from onhand.cli.exits import ExitCode, Stop
from onhand.simulators.rakuten import Habits, Rakuten
from onhand.simulators.rakuten.demo import SHOPS, open_demo
from onhand.simulators.rakuten.server import asgi

if TYPE_CHECKING:
    import uvicorn

HOST = "127.0.0.1"  # the control surface is nobody else's business
_GRACE_S = 5
_STATE_FILE = "simulated-rakuten.json"
_KEPT_ORDERS = 1_000  # of a shop: the whole state is written after every change
_SHIPS_AFTER_S = 3_600.0


class Keeper:
    """Writes the state to its file whenever it has changed."""

    def __init__(self, simulated: Rakuten, file: Path | None) -> None:
        """`file` None keeps nothing."""
        self._simulated = simulated
        self._file = file
        self._kept = -1

    def keep(self) -> None:
        """Write what changed since the last time, so that a number is never given out twice.

        Raises:
            Stop: the file cannot be written.
        """
        changes = self._simulated.world.changes
        if self._file is None or changes == self._kept:
            return
        draft = self._file.with_name(f"{self._file.name}.new")
        try:
            draft.write_bytes(self._simulated.snapshot())
            draft.replace(self._file)
        except OSError as error:
            raise Stop(
                ExitCode.MACHINE, f"--state: cannot write {self._file}: {error.strerror}"
            ) from error
        self._kept = changes


@contextmanager
def listening(port: int) -> Iterator[socket.socket]:
    """The simulation's socket.

    Raises:
        Stop: the port is in use.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen()
        except OSError as error:
            raise Stop(
                ExitCode.MACHINE,
                f"--port: cannot listen on {HOST}:{port}: {error.strerror}; "
                "stop what listens there, or choose another port",
            ) from error
        yield listener


def open_simulated(file: Path | None, *, shops: int, seed: int) -> Rakuten:
    """The Rakuten whose state `file` keeps, or a new one with the demo's shops.

    Raises:
        Stop: the file cannot be read, or is none.
    """
    if file is None or not file.exists():
        made = Rakuten(utc_now, seed=seed)
        open_demo(made, shops)
    else:
        made = _restored(file)
    made.knobs.kept_orders = _KEPT_ORDERS
    return made


def _restored(file: Path) -> Rakuten:
    try:
        return Rakuten.restore(file.read_bytes(), utc_now)
    except msgspec.MsgspecError as error:
        raise Stop(
            ExitCode.USAGE, f"--state: {file} is no state of a simulated Rakuten: {error}"
        ) from error
    except OSError as error:
        raise Stop(ExitCode.MACHINE, f"--state: cannot read {file}: {error.strerror}") from error


def serve_simulated(simulated: Rakuten, keeper: Keeper, listener: socket.socket) -> None:
    """Answer until a signal ends it."""
    # uvicorn raises what it caught again when it is done; there is something to write by then.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _ignore)
    _server(simulated, keeper).run(sockets=[listener])


@contextmanager
def simulated_beside(settings: Settings) -> Iterator[None]:
    """Run the demo's shops in a thread of this process, selling by themselves.

    Where the port is in use, another Onhand on this machine runs them, or nobody: then the stores
    of `test` cannot be reached, and say so.
    """
    log = structlog.get_logger("onhand.simulator")
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, settings.simulator_port))
            listener.listen()
        except OSError as error:
            log.warning(
                "the simulated shops are not started here",
                port=settings.simulator_port,
                reason=error.strerror,
            )
            yield
            return
        file = settings.onhand_home / _STATE_FILE
        simulated = open_simulated(file, shops=len(SHOPS), seed=1)
        per_shop = settings.simulator_orders_per_hour / len(SHOPS)
        habits = Habits(orders_per_hour=per_shop, ships_after_s=_SHIPS_AFTER_S)
        simulated.start_buyers(habits)
        keeper = Keeper(simulated, file)
        server = _server(simulated, keeper)
        thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[listener])),
            name="onhand-simulated-rakuten",
            daemon=True,
        )
        thread.start()
        try:
            yield
        finally:
            server.should_exit = True
            thread.join(_GRACE_S)
            keeper.keep()


def _server(simulated: Rakuten, keeper: Keeper) -> "uvicorn.Server":
    # uvicorn takes longer to import than most other commands take to run.
    import uvicorn  # noqa: PLC0415

    config = uvicorn.Config(
        asgi(simulated, keeper.keep),
        loop="uvloop",
        http="httptools",
        log_config=None,
        log_level="critical",  # a connection dropped on purpose is no error
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    return uvicorn.Server(config)


def _ignore(number: int, frame: FrameType | None) -> Any:
    """Nothing is left to interrupt."""
