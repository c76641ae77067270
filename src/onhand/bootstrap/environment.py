"""The two environments, wired: database, ledger, queues, authenticator."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from onhand.access.authenticate import Authenticator
from onhand.access.commands import SYSTEM, ensure_signing_key
from onhand.access.commands.first_start import FirstSecrets, create_first_admin, is_started
from onhand.access.model import Actor, EnvironmentName
from onhand.access.pace import Pace
from onhand.access.passwords import Terms
from onhand.access.secrets import Vault
from onhand.access.sessions import Sessions
from onhand.bootstrap.bell import Bell
from onhand.bootstrap.clock import utc_now
from onhand.bootstrap.secret_key import open_vault, write_secret
from onhand.bootstrap.set_up import set_up_file
from onhand.bootstrap.settings import Settings, SettingsError
from onhand.bootstrap.shops import Shops, Wiring
from onhand.db.database import Database
from onhand.db.errors import DatabaseUnavailable
from onhand.db.grouping import Grouped
from onhand.db.migrate import upgrade
from onhand.stock.commands import Ledger, Result
from onhand.stock.model.commands import Command, Policy
from onhand.stock.queries.levels import LevelView, read_levels

_WRITE_BATCH = 256  # commands a transaction
_READ_BATCH = 256  # codes a read

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment, ready for work.

    `writes` decides commands in groups; `reads` gives the level of a normalised code (None: no
    registered SKU). `previews_kept` is for how long imports that nobody confirms are.
    """

    name: EnvironmentName
    database: Database
    ledger: Ledger
    writes: Grouped[Command, Result]
    reads: Grouped[str, LevelView | None]
    authenticator: Authenticator
    vault: Vault
    shops: Shops
    clock: Clock
    previews_kept: timedelta
    bell: Bell = field(default_factory=Bell)

    def close(self) -> None:
        """Finish queued work and close the database's connections."""
        self.writes.close()
        self.reads.close()
        self.shops.close()
        self.database.dispose()


@dataclass(frozen=True, slots=True)
class Onhand:
    """Both environments and the settings they were opened with.

    `sessions` are those of the people, who belong to the installation; `live` keeps them. `pace`
    counts the requests of tokens.
    """

    settings: Settings
    live: Environment
    test: Environment
    sessions: Sessions = field(init=False)
    pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        """Sessions and pace need nothing but what is here."""
        terms = Terms(self.settings.session_idle_s, self.settings.session_max_s)
        made = Sessions(self.live.database, self.live.clock, terms)
        object.__setattr__(self, "sessions", made)
        object.__setattr__(self, "pace", Pace(self.settings.token_requests_per_minute))

    @property
    def environments(self) -> tuple[Environment, Environment]:
        """Live and test."""
        return (self.live, self.test)

    def environment(self, name: EnvironmentName) -> Environment:
        """The environment of this name."""
        return self.live if name is EnvironmentName.LIVE else self.test

    def close(self) -> None:
        """Finish queued work and close every connection."""
        for environment in self.environments:
            environment.close()


def open_environments(
    settings: Settings, *, clock: Clock = utc_now, wiring: Wiring | None = None
) -> Onhand:
    """Open both environments; connections are made when they are first needed.

    `wiring` says how shops are reached, if not as the settings do. Raises:
        SettingsError: the file of the secret key cannot be read or made.
    """
    vault = open_vault(settings)
    live, test = (
        _open(name, settings, clock, vault, wiring or wiring_of(settings, name))
        for name in (EnvironmentName.LIVE, EnvironmentName.TEST)
    )
    return Onhand(settings, live=live, test=test)


def wiring_of(settings: Settings, name: EnvironmentName) -> Wiring:
    """How an environment's shops are reached: those of `test` are simulated, always."""
    simulated = name is EnvironmentName.TEST or settings.mock_mode
    return Wiring(
        rakuten_url=settings.simulator_address if simulated else settings.rakuten_base_url,
        rakuten_orders_per_s=settings.rakuten_order_calls_per_s,
    )


def first_start(onhand: Onhand) -> dict[EnvironmentName, Path]:
    """Bring both databases to the newest schema and, once, make the first admin and the demo.

    Returns the files that now hold an admin's token, none on later starts; the secret of the first
    admin's set-up link is in a file beside them. Safe when several processes start at once and
    after a crash at any point. Raises:
        SettingsError: a database cannot be reached, or a file in the home folder not be written.
    """
    made = {}
    for environment in onhand.environments:
        file = _first_start(environment, onhand.settings.onhand_home.absolute())
        if file is not None:
            made[environment.name] = file
    return made


def policy_of(settings: Settings) -> Policy:
    """The settings the ledger's decisions depend on."""
    return Policy(
        cart_hold_s=settings.inventory_reservation_ttl,
        order_hold_s=settings.order_reservation_ttl,
        max_held_units_per_owner=settings.reservation_max_units_per_owner,
    )


def _open(
    name: EnvironmentName, settings: Settings, clock: Clock, vault: Vault, wiring: Wiring
) -> Environment:
    address = settings.database_of(name)
    database = Database(address.url, schema=address.schema)
    ledger = Ledger(database, clock=clock, policy=policy_of(settings))

    def read(codes: Sequence[str]) -> list[LevelView | None]:
        with database.look_up() as connection:
            levels = read_levels(connection, codes, now=clock())
        return [levels.get(code) for code in codes]

    return Environment(
        name=name,
        database=database,
        ledger=ledger,
        writes=Grouped(f"onhand-writes-{name}", ledger.execute_grouped, batch_size=_WRITE_BATCH),
        reads=Grouped(f"onhand-reads-{name}", read, batch_size=_READ_BATCH),
        authenticator=Authenticator(database, name, clock),
        vault=vault,
        shops=Shops(database, vault, clock, wiring),
        clock=clock,
        previews_kept=timedelta(seconds=settings.import_preview_ttl),
    )


def _first_start(environment: Environment, home: Path) -> Path | None:
    """The file with the first admin's token if this call made it."""
    try:
        upgrade(environment.database)
        with environment.database.read() as connection:
            if is_started(connection):
                return None
        return _make_first_data(environment, home)
    except (DatabaseUnavailable, OSError) as error:
        name = environment.name
        reason = error.reason if isinstance(error, DatabaseUnavailable) else error.strerror
        raise SettingsError(
            f"DATABASE_URL: the database of `{name}` cannot be used ({reason}); "
            "start it, or correct the address"
        ) from error


def _make_first_data(environment: Environment, home: Path) -> Path | None:
    database, now = environment.database, environment.clock()
    ensure_signing_key(database, now=now)
    if environment.name is EnvironmentName.TEST:  # before the admin: a crash must not skip it
        from onhand.bootstrap import demo  # noqa: PLC0415 - needed once in a lifetime

        demo.fill(database, environment.ledger, clock=environment.clock)
        demo.open_stores(database, environment.vault, now=now)
    file = home / f"admin-token.{environment.name}"

    def keep(secrets: FirstSecrets) -> None:
        write_secret(file, secrets.token)
        if secrets.set_up is not None:
            write_secret(set_up_file(home), secrets.set_up)

    made = create_first_admin(
        database,
        Actor(SYSTEM, "system"),
        environment=environment.name,
        now=now,
        keep=keep,
    )
    return file if made else None
