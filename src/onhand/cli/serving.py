"""`onhand serve`: the server, from the first start to a clean stop."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from onhand.access.model import EnvironmentName
from onhand.bootstrap.environment import Onhand, first_start, open_environments
from onhand.bootstrap.process import tune_garbage_collection
from onhand.bootstrap.set_up import pending_set_up
from onhand.bootstrap.settings import Settings, load_settings
from onhand.cli.desk import Options, place_name, refuse_options
from onhand.cli.exits import ExitCode, Stop
from onhand.cli.logs import configure_logs

_WAITING_CONNECTIONS = 2_048
_GRACE_S = 10  # for answers under way when the server is told to stop


@dataclass(frozen=True, slots=True)
class _Start:
    """What is told when the server is ready."""

    settings: Settings
    url: str
    made: dict[EnvironmentName, Path]
    set_up: str | None = field(repr=False)  # the path of the first admin's link, while it is open


def serve(
    context: typer.Context,
    host: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Instead of the setting HOST.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, metavar="N", help="Instead of the setting PORT.")
    ] = None,
) -> None:
    """Run the server. One process, both environments; ends on Ctrl-C or SIGTERM.

    Several `serve` processes may share one PostgreSQL.
    """
    options: Options = context.obj
    refuse_options(options, ["--database", "--key"])
    given = {"host": host, "port": port}
    settings = load_settings().model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    configure_logs(settings)
    with _listening(settings) as listener:
        onhand = open_environments(settings)
        try:
            url = url_of(settings, listener.getsockname()[1])
            made = first_start(onhand)
            live = onhand.live
            set_up = pending_set_up(settings, live.database, now=live.clock())
            _tell(options, _Start(settings, url, made, set_up))
            with _working(onhand):
                _run(onhand, listener)
        finally:
            onhand.close()
    options.terminal.say("Onhand has stopped; everything acknowledged is kept.")


@contextmanager
def _working(onhand: Onhand) -> Iterator[None]:
    """The jobs, and the simulated shops of `test`, beside the server."""
    if not onhand.settings.run_jobs:
        yield
        return
    # Speaking to shops takes a while to import; answers come first.
    from onhand.cli.simulated import simulated_beside  # noqa: PLC0415
    from onhand.jobs.start import start_jobs  # noqa: PLC0415

    with simulated_beside(onhand.settings):
        scheduler = start_jobs(onhand)
        try:
            yield
        finally:
            scheduler.stop()


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """The server's socket, bound before anything else is touched.

    Raises:
        Stop: the address is in use or not ours.
    """
    where = f"{settings.host}:{settings.port}"
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind)
    except OSError as error:
        raise Stop(
            ExitCode.MACHINE, f"HOST: {where} is no address here: {error.strerror}"
        ) from error
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(_WAITING_CONNECTIONS)
        except OSError as error:
            raise Stop(
                ExitCode.MACHINE,
                f"PORT: cannot listen on {where}: {error.strerror}; "
                "stop what listens there, or choose another port",
            ) from error
        yield listener


def url_of(settings: Settings, port: int) -> str:
    """Where a server on this machine answers."""
    host = settings.host
    if host in {"0.0.0.0", "::"}:  # noqa: S104 — a comparison, nothing is bound here
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _tell(options: Options, start: _Start) -> None:
    home = start.settings.onhand_home.absolute()
    databases = {
        name.value: place_name(start.settings.database_of(name)) for name in EnvironmentName
    }
    tokens = {name.value: str(home / f"admin-token.{name}") for name in EnvironmentName}
    set_up = None if start.set_up is None else start.url + start.set_up
    document = {
        "url": start.url,
        "home": str(home),
        "databases": databases,
        "tokens": tokens,
        "set_up": set_up,
    }
    is_first = "made just now" if start.made else "made at the first start"
    lines = [
        f"Onhand is at {start.url}  (API: {start.url}/docs)",
        *([] if set_up is None else [f"Choose the password of `admin`, once: {set_up}"]),
        f"Data folder     {home}",
        *(f"Database {name:6} {place}" for name, place in databases.items()),
        f"Admin tokens    {tokens['test']}",
        f"                {tokens['live']}  ({is_first})",
        "More tokens     onhand token create NAME --scope reserve",
        "More people     onhand user create NAME --role operator",
        "Stop            Ctrl-C",
    ]
    options.terminal.show(document, *lines)


def _run(onhand: Onhand, listener: socket.socket) -> None:
    # FastAPI and uvicorn take longer to import than most other commands take to run.
    import uvicorn  # noqa: PLC0415

    from onhand.web.app import create_app  # noqa: PLC0415

    config = uvicorn.Config(
        create_app(onhand),
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    # uvicorn handles these itself while it runs and raises them again when it is done; by then the
    # process shall go on to close its databases instead of dying.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _ignore)
    tune_garbage_collection()
    uvicorn.Server(config).run(sockets=[listener])


def _ignore(number: int, frame: FrameType | None) -> Any:
    """Nothing is left to interrupt."""
