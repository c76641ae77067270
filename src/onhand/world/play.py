"""Playing a world from its first moment to its verdict."""

from datetime import timedelta

from onhand.access.model import Asked, Refusal
from onhand.bootstrap.environment import Environment
from onhand.bootstrap.settings import Settings, load_settings
from onhand.catalog.commands import create_skus
from onhand.catalog.commands.stores import create_store, set_credentials
from onhand.catalog.model import NewSku
from onhand.catalog.model.stores import NewKeys, NewStore
from onhand.catalog.queries.stores import list_stores
from onhand.db.migrate import upgrade
from onhand.simulators.rakuten import Rakuten
from onhand.simulators.rakuten.dice import Dice
from onhand.stock.commands import Accepted
from onhand.stock.model.commands import Caller, Command, Line, Receive
from onhand.stock.model.events import Source
from onhand.stock.queries.history import has_events
from onhand.sync.commands.rules import set_rule
from onhand.world.crashes import Crashes
from onhand.world.naive import fenced_jobs, naive_jobs
from onhand.world.network import Network
from onhand.world.process import Process, dies_with
from onhand.world.queries import unsettled
from onhand.world.recount import count_truth
from onhand.world.setting import START, Setting
from onhand.world.shops import (
    UNREACHED,
    build_shops,
    close_doors,
    is_quiet,
    open_doors,
    rule_of,
    sku_codes,
    store_ids,
    units_edited,
)
from onhand.world.trade import PERSON, Moved, Trade
from onhand.world.turns import Turns
from onhand.world.verdict import Verdict, judge

POLL_S = 900
_SKUS_AT_ONCE = 1_000
_STEP = timedelta(hours=1)
# Checks compare what was not compared for an hour, so two hours find every drift.
_LEAST_QUIET = timedelta(hours=3)
_MOST_QUIET = timedelta(hours=48)


class NotEmptyError(Exception):
    """The database holds something already; a world needs one of its own."""


class World:
    """One world, ready to be played."""

    def __init__(self, setting: Setting) -> None:
        """Shops and ledger are filled, nothing has happened yet.

        Raises:
            NotEmptyError: the setting's database is in use.
        """
        self.setting = setting
        self.turns = Turns(START)
        dice = Dice(f"world:{setting.seed}:goods")
        self.opening = {code: dice.whole(3, 40) for code in sku_codes(setting)}
        self.rakuten = build_shops(setting, self.turns, self.opening)
        self.crashes = Crashes(self.turns.now, Dice(f"world:{setting.seed}:crashes"))
        network_dice = Dice(f"world:{setting.seed}:network")
        self.network = Network(self.rakuten, self.turns, self.crashes, network_dice)
        self.process = Process(
            _settings(setting),
            self.turns,
            self.network,
            jobs=naive_jobs if setting.baseline else fenced_jobs,
            crashes=self.crashes,
        )
        self.trade = Trade(setting, self.turns, self.rakuten, self.process)
        self.process.open()
        environment = self.process.environment
        assert environment is not None
        upgrade(environment.database)
        _refuse_used(environment)
        _fill(setting, environment, self.rakuten, self.opening)
        self.trade.book += [
            Moved(START, code.lower(), units, False, "opening")
            for code, units in self.opening.items()
        ]

    def play(self) -> Verdict:
        """Live through it, come to rest, and judge."""
        setting = self.setting
        self.pass_time(setting.opens_at - START)
        open_doors(setting, self.rakuten)
        self.trade.open()
        if setting.faults:
            self.network.unreached = UNREACHED
        self.crashes.plan(setting.crashes, setting.opens_at, until=setting.ends_at)
        self.pass_time(setting.ends_at - setting.opens_at)
        self._come_to_rest()
        return self._judge()

    def pass_time(self, span: timedelta) -> None:
        """Let so much time pass, however often the process dies in it."""
        until = self.turns.now() + span
        while dies_with(self.process, lambda: self.turns.run(until)):
            continue

    def close(self) -> None:
        """Let go of the database."""
        self.process.close()

    def _come_to_rest(self) -> None:
        close_doors(self.rakuten)
        self.trade.is_open = False
        self.network.unreached = 0.0
        ended = self.turns.now()
        last_stir = ended
        while self.turns.now() - last_stir < _LEAST_QUIET:
            self.pass_time(_STEP)
            self.rakuten.advance(self.turns.now())
            environment = self.process.environment
            is_at_rest = is_quiet(self.rakuten) and environment is not None
            if not is_at_rest or self._is_unsettled(environment):
                last_stir = self.turns.now()
            if self.turns.now() - ended > _MOST_QUIET:
                return

    def _is_unsettled(self, environment: Environment | None) -> bool:
        if environment is None or self.setting.baseline:
            return False
        return unsettled(environment.database) > 0

    def _judge(self) -> Verdict:
        environment = self.process.environment
        assert environment is not None
        truth = count_truth(self.rakuten, self.trade.book, self.trade.web_orders)
        verdict = judge(self.setting, environment.database, self.rakuten, truth)
        verdict.edited = units_edited(self.rakuten)
        verdict.crashes = self.process.restarts
        verdict.died = dict(sorted(self.crashes.died.items()))
        verdict.faults = dict(sorted(self.rakuten.faults.happened.items()))
        verdict.calls = self.network.calls.total()
        verdict.lost_calls = self.network.lost
        if self.setting.baseline:
            verdict.outcomes = {}
        return verdict


def play(setting: Setting) -> Verdict:
    """Play a world to its verdict."""
    world = World(setting)
    try:
        return world.play()
    finally:
        world.close()


def _settings(setting: Setting) -> Settings:
    given = {"ONHAND_HOME": str(setting.home)}
    if setting.url is not None:
        given["DATABASE_URL"] = setting.url
    return load_settings(given)


def _refuse_used(environment: Environment) -> None:
    with environment.database.read() as connection:
        if has_events(connection) or list_stores(connection, now=environment.clock()):
            raise NotEmptyError


def _fill(
    setting: Setting, environment: Environment, rakuten: Rakuten, opening: dict[str, int]
) -> None:
    """Register goods with their opening stock, and connect the shops."""
    database, now = environment.database, environment.clock()
    codes = sku_codes(setting)
    caller = Caller("world", Source.MANUAL)
    for start in range(0, len(codes), _SKUS_AT_ONCE):
        some = codes[start : start + _SKUS_AT_ONCE]
        _accepted(create_skus(database, Asked(PERSON, now), [NewSku(code) for code in some]))
        lines = tuple(Line(code.lower(), opening[code]) for code in some)
        (result,) = environment.ledger.execute([Command(caller, Receive(lines))])
        assert isinstance(result, Accepted), result
    for code in store_ids(setting):
        asked = Asked(PERSON, now)
        settings = {"shop_code": code, "poll_interval_s": POLL_S}
        _accepted(create_store(database, asked, NewStore(code, code, settings=settings)))
        shop = rakuten.shops[code]
        keys = {"service_secret": shop.secret, "license_key": shop.license_key}
        _accepted(set_credentials(database, asked, NewKeys(code, keys), vault=environment.vault))
        _accepted(set_rule(database, asked, code, rule_of(setting, code)))


def _accepted(result: object) -> None:
    assert not isinstance(result, Refusal), result
