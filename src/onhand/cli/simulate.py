"""`onhand simulate …`: shops to try Onhand with, which nobody owns."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import msgspec
import typer

from onhand.bootstrap.clock import utc_now
from onhand.cli.desk import Options, refuse_options
from onhand.cli.exits import ExitCode, Stop
from onhand.simulators.rakuten import Habits, Rakuten
from onhand.simulators.rakuten.control import describe
from onhand.simulators.rakuten.demo import SHOPS, open_demo
from onhand.simulators.rakuten.server import asgi

_HOST = "127.0.0.1"  # the control surface is nobody else's business
_GRACE_S = 5
_ONE_KYUSU = '{"lines":[{"item":"tokyo-kyusu","variant":"normal-inventory","units":1}]}'

commands = typer.Typer(help="Simulated shops.", no_args_is_help=True)


@commands.callback()
def group() -> None:
    """Simulated shops."""


@commands.command()
def rakuten(  # tidy: override — typer reads the command's options from here
    context: typer.Context,
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="Where to listen; 8100 if not given.")
    ] = 8100,
    shops: Annotated[
        int,
        typer.Option(min=1, max=len(SHOPS), metavar="N", help="How many shops; 3 if not given."),
    ] = len(SHOPS),
    seed: Annotated[
        int, typer.Option(min=0, metavar="N", help="Other buyers with another; 1 if not given.")
    ] = 1,
    orders_per_hour: Annotated[
        float, typer.Option(min=0, metavar="N", help="Of each shop; 60 if not given, 0 for none.")
    ] = 60,
    state: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep shops, orders and stock here across restarts."),
    ] = None,
) -> None:
    """Run a simulated Rakuten on this machine, with shops that sell by themselves."""
    options: Options = context.obj
    refuse_options(options, ["--database", "--key"])
    with _listening(port) as listener:
        simulated = _open(state, shops=shops, seed=seed)
        simulated.start_buyers(Habits(orders_per_hour=orders_per_hour))
        keeper = _Keeper(simulated, state)
        keeper.keep()
        _tell(options, simulated, f"http://{_HOST}:{listener.getsockname()[1]}")
        _run(simulated, keeper, listener)
        keeper.keep()
    options.terminal.say("The simulated Rakuten has stopped.")


class _Keeper:
    """Writes the state to its file whenever it has changed."""

    def __init__(self, simulated: Rakuten, file: Path | None) -> None:
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
def _listening(port: int) -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_HOST, port))
            listener.listen()
        except OSError as error:
            raise Stop(
                ExitCode.MACHINE,
                f"--port: cannot listen on {_HOST}:{port}: {error.strerror}; "
                "stop what listens there, or choose another port",
            ) from error
        yield listener


def _open(file: Path | None, *, shops: int, seed: int) -> Rakuten:
    if file is None or not file.exists():
        made = Rakuten(utc_now, seed=seed)
        open_demo(made, shops)
        return made
    try:
        return Rakuten.restore(file.read_bytes(), utc_now)
    except msgspec.MsgspecError as error:
        raise Stop(
            ExitCode.USAGE, f"--state: {file} is no state of a simulated Rakuten: {error}"
        ) from error
    except OSError as error:
        raise Stop(ExitCode.MACHINE, f"--state: cannot read {file}: {error.strerror}") from error


def _tell(options: Options, simulated: Rakuten, url: str) -> None:
    shops = [describe(shop) for shop in simulated.shops.values()]
    control = f"{url}/_sim"
    first = next(iter(simulated.shops))
    lines = [f"A simulated Rakuten is at {url}"]
    for shop in shops:
        lines += [
            f"Shop {shop['shop']}",
            f"  service secret  {shop['service_secret']}",
            f"  licence key     {shop['license_key']}",
            f"  stock, orders   curl {control}/{shop['shop']}/stock  …/orders",
        ]
    lines += [
        "Order something by hand:",
        f"  curl {control}/{first}/orders -d '{_ONE_KYUSU}'",
        "Stop            Ctrl-C",
    ]
    options.terminal.show({"url": url, "control": control, "shops": shops}, *lines)


def _run(simulated: Rakuten, keeper: _Keeper, listener: socket.socket) -> None:
    # uvicorn takes longer to import than most other commands take to run.
    import uvicorn  # noqa: PLC0415

    config = uvicorn.Config(
        asgi(simulated, keeper.keep),
        loop="uvloop",
        http="httptools",
        log_level="critical",  # a connection dropped on purpose is no error
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    # uvicorn raises what it caught again when it is done; there is something to write by then.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _ignore)
    uvicorn.Server(config).run(sockets=[listener])


def _ignore(number: int, frame: FrameType | None) -> Any:
    """Nothing is left to interrupt."""
