"""A shop's `test` environment with plenty of stock, and what drives it: commands, a server, CLI."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from benchmarks.failures import FigureFailed
from benchmarks.figures import Bench
from benchmarks.servers import Server, free_port, running, variables
from onhand.access.commands import create_token
from onhand.access.model import Actor, Asked, EnvironmentName, NewToken, Scope
from onhand.access.model import Refusal as AccessRefusal
from onhand.bootstrap.clock import utc_now
from onhand.bootstrap.environment import Clock, Environment, first_start, open_environments
from onhand.bootstrap.settings import load_settings
from onhand.catalog.commands import create_skus
from onhand.catalog.model import NewSku
from onhand.db.database import Database
from onhand.stock.commands import Accepted, Ledger
from onhand.stock.model.commands import Caller, Command, Line, Receive
from tests.spent import spend

SKUS = 10_000
UNITS_ON_HAND = 100_000_000
BATCH = 256
CALLER = Caller("bench", origin="127.0.0.1")
ONHAND = Path(sys.executable).parent / "onhand"
_CODES_AT_ONCE = 1000
_RECEIPT_LINES = 100
_homes = count(1)


class WrongResult(FigureFailed):
    """Something the benchmark asked was refused, so the figure would mean nothing."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A command-line run: its time to the end, processor time, peak memory and standard output.

    Processor time is that of the command and of processes it started, not of a database server.
    """

    seconds: float
    processor_s: float
    peak_mb: float
    output: str


@dataclass(frozen=True, slots=True)
class Shop:
    """An environment whose SKUs all have plenty on hand."""

    url: str
    home: Path
    environment: Environment
    token: str
    skus: Sequence[str]

    @property
    def ledger(self) -> Ledger:
        """The environment's ledger, in this process."""
        return self.environment.ledger

    def variables(self) -> dict[str, str]:
        """Return the settings under which a server or command works on this shop."""
        return {"DATABASE_URL": self.url, "ONHAND_HOME": str(self.home), "LOG_LEVEL": "warning"}

    @contextmanager
    def serving(self, processes: int = 1, *, jobs: bool = False) -> Iterator[list[Server]]:
        """Run server processes, each on a port of its own, until the block ends.

        With `jobs` they also do what they do by default: run jobs, and the simulated shops.
        """
        with ExitStack() as stack:
            servers = []
            for number in range(processes):
                port = free_port()
                server = running(
                    [str(ONHAND), "serve"],
                    port=port,
                    log=self.home / f"server-{number}.log",
                    probe="/health",
                    environment={
                        **self.variables(),
                        "PORT": str(port),
                        "RUN_JOBS": str(jobs).lower(),
                        "SIMULATOR_PORT": str(free_port()),
                    },
                )
                servers.append(stack.enter_context(server))
            yield servers

    def run(self, *arguments: str) -> Finished:
        """Run an `onhand` command to its end; raises WrongResult when it fails."""
        said, complained = self.home / "command.out", self.home / "command.err"
        with said.open("wb") as output, complained.open("wb") as errors:
            spent = spend(
                [str(ONHAND), *arguments],
                env=variables(self.variables()),
                stdout=output,
                stderr=errors,
            )
        if spent.code != 0:
            written = said.read_text() + complained.read_text()
            raise WrongResult(f"onhand {' '.join(arguments)}: {written[-2000:]}")
        return Finished(spent.seconds, spent.processor_s, spent.peak_mb, said.read_text())


def sku_codes(count_of_skus: int = SKUS) -> list[str]:
    """Return the codes of the benchmark's SKUs."""
    return [f"bench-{number:06d}" for number in range(count_of_skus)]


@contextmanager
def open_shop(
    bench: Bench, kind: str, *, skus: int = SKUS, clock: Clock = utc_now
) -> Iterator[Shop]:
    """Make a shop with `skus` stocked SKUs in a fresh database; closed when the block ends."""
    bench.say(f"{kind}: stocking {skus:,} SKUs")
    home = bench.folder / f"home-{next(_homes)}"
    home.mkdir()
    url = bench.databases.fresh_url(kind)
    settings = load_settings({"DATABASE_URL": url, "ONHAND_HOME": str(home)})
    onhand = open_environments(settings, clock=clock)
    try:
        first_start(onhand)
        environment = onhand.environment(EnvironmentName.TEST)
        codes = sku_codes(skus)
        register(environment.database, codes)
        execute(environment.ledger, [receive(chunk) for chunk in chunks(codes, _RECEIPT_LINES)])
        yield Shop(url, home, environment, make_token(environment.database), codes)
    finally:
        onhand.close()


def register(database: Database, codes: Sequence[str]) -> None:
    """Register SKU codes without any stock; raises WrongResult."""
    actor = Actor(CALLER.actor, "manual")
    for chunk in chunks(codes, _CODES_AT_ONCE):
        result = create_skus(database, Asked(actor, utc_now()), [NewSku(code) for code in chunk])
        if isinstance(result, AccessRefusal):
            raise WrongResult(result)


def make_token(database: Database) -> str:
    """Return the secret of a new operator's token; raises WrongResult."""
    issued = create_token(
        database,
        Asked(Actor(CALLER.actor, "manual"), utc_now()),
        NewToken("bench-shop", Scope.OPERATOR),
        environment=EnvironmentName.TEST,
    )
    if isinstance(issued, AccessRefusal):
        raise WrongResult(issued)
    return issued.secret


def chunks(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Yield consecutive slices of at most `size` items."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def receive(codes: Sequence[str]) -> Command:
    """Return the command that receives plenty of every code."""
    return Command(CALLER, Receive(tuple(Line(code, UNITS_ON_HAND) for code in codes)))


def execute(ledger: Ledger, commands: Sequence[Command]) -> None:
    """Execute commands in batches; raises WrongResult unless all are accepted."""
    for start in range(0, len(commands), BATCH):
        for result in ledger.execute(commands[start : start + BATCH]):
            if not isinstance(result, Accepted) or result.replayed:
                raise WrongResult(result)
