"""A demo with a past: shops that have sold for days, files brought in, stock counted, trouble.

What pictures and tests of every page look at; `showcase()` serves it.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from onhand.access.model import Actor, Asked
from onhand.bootstrap import demo
from onhand.bootstrap.environment import Environment
from onhand.bootstrap.settings import load_settings
from onhand.catalog.commands.stores import update_store
from onhand.catalog.model.stores import StoreChange
from onhand.cli.worlds import silence
from onhand.db.migrate import upgrade
from onhand.simulators.rakuten import Habits, Rakuten, edit_stock_by_hand
from onhand.simulators.rakuten.demo import SHOPS, open_demo
from onhand.simulators.rakuten.dice import Dice
from onhand.stock.model.commands import (
    Adjust,
    AdjustLine,
    AdjustMode,
    Ask,
    Caller,
    Command,
    Deduct,
    Line,
    Receive,
    Reserve,
)
from onhand.stock.model.events import Reference, ReferenceType, Source
from onhand.world.crashes import Crashes
from onhand.world.naive import fenced_jobs
from onhand.world.network import Network
from onhand.world.process import Process
from onhand.world.turns import Turns

STEP = timedelta(minutes=30)
_STATE = "simulated-rakuten.json"
_CLERK = Caller("sato", Source.MANUAL, touches_all=True)
_WEB = Caller("web-shop", touches_all=True)
# Orders an hour of each shop, by the hour of the day in Japan.
_BUSY = (2, 1, 1, 0.5, 0.5, 1, 1, 2, 3, 4, 4, 4, 7, 6, 4, 4, 4, 5, 6, 8, 11, 12, 9, 5)
_SOLD_ON_WEB = ("ce1112", "tw2001", "tea-4001", "silk-5001", "bk-6001-s", "bk-6002", "tw2003")
_FINDS = ("棚卸で発見", "倉庫で破損", "サンプル用に出庫")
_SHEET = ("ce1111", "ce1112", "ce1113", "ce1114", "tea-4001", "tea-4002", "tea-4003")
_TRIES = 20
_DELIVERY = (
    "SKU,商品名,在庫数",
    "ce1112,湯呑み 藍染付,24",
    "tw2001,今治タオル フェイス,60",
    "ce1113,飯碗 粉引,12",
    "ka-9001,南部鉄器 急須 あられ 黒 0.5L【送料無料・ギフト包装対応】,8",
)


@dataclass(frozen=True, slots=True)
class Showcase:
    """A server with a past: its address, the first set-up link, and the shops' address."""

    url: str
    set_up: str
    shops: str
    home: Path


class Past:
    """Days of the demo, lived through on a simulated clock."""

    def __init__(self, home: Path, days: float) -> None:
        """Shops and ledger are filled `days` ago."""
        start = datetime.now(UTC) - timedelta(days=days)
        self.turns = Turns(start)
        self.rakuten = Rakuten(self.turns.now, seed=1)
        open_demo(self.rakuten, len(SHOPS))
        self._dice = Dice("showcase")
        crashes = Crashes(self.turns.now, self._dice)  # none is planned
        network = Network(self.rakuten, self.turns, crashes, Dice("showcase:network"))
        settings = load_settings({"ONHAND_HOME": str(home)})
        self._process = Process(settings, self.turns, network, jobs=fenced_jobs, crashes=crashes)
        self._process.open()
        upgrade(self.environment.database)
        demo.fill(self.environment.database, self.environment.ledger, clock=self.turns.now)
        demo.open_stores(self.environment.database, self.environment.vault, now=start)
        self._polling_every(900)

    @property
    def environment(self) -> Environment:
        """Where it happens: `live` until it is over."""
        environment = self._process.environment
        assert environment is not None
        return environment

    def live_through(self, until: datetime) -> None:
        """Sell in the shops and on the web, take goods in, correct, edit a shop by hand."""
        steps = 0
        while self.turns.now() + STEP <= until:
            self._set_pace()
            self.turns.run(self.turns.now() + STEP)
            steps += 1
            self._sell_on_web(steps)
            if steps % 7 == 0:
                code = _SOLD_ON_WEB[self._dice.whole(0, len(_SOLD_ON_WEB) - 1)]
                reason = _FINDS[self._dice.whole(0, len(_FINDS) - 1)]
                mode = AdjustMode.ADD if reason == _FINDS[0] else AdjustMode.SUBTRACT
                self._order(_CLERK, Adjust((AdjustLine(code, mode, 1),), reason))
            if steps % 9 == 0:
                self._take_goods_in()
            if steps % 20 == 0:
                self._edit_by_hand()
        self.turns.run(until)
        self._polling_every(15)
        self._process.close()

    def _set_pace(self) -> None:
        rate = _BUSY[(self.turns.now().hour + 9) % 24]
        self.rakuten.start_buyers(Habits(orders_per_hour=rate, ships_after_s=14_400.0))

    def _sell_on_web(self, number: int) -> None:
        code = _SOLD_ON_WEB[number % len(_SOLD_ON_WEB)]
        lines = (Line(code, self._dice.whole(1, 3)),)
        reference = Reference(ReferenceType.ORDER, f"W-{20_000 + number}")
        held = Reserve(reference, f"customer-{number}", lines, never_expires=True)
        self._order(_WEB, held)
        if number % 5:
            self.turns.after(5_400.0, lambda: self._order(_WEB, Deduct(reference)))

    def _take_goods_in(self) -> None:
        database, ledger = self.environment.database, self.environment.ledger
        demo.restock(database, ledger, now=self.turns.now(), most=2)
        self._order(_CLERK, Receive((Line("bk-6002", 40), Line("tw2003", 24)), "納品書 4471"))

    def _edit_by_hand(self) -> None:
        edit_stock_by_hand(
            self.rakuten.shops["osaka-bags"], "osaka-meshiwan", "normal-inventory", 9
        )

    def _order(self, caller: Caller, ask: Ask) -> None:
        self.environment.ledger.execute([Command(caller, ask)])
        self._process.stir_ledger()

    def _polling_every(self, seconds: int) -> None:
        for code in SHOPS:
            asked = Asked(Actor("sato", "manual"), self.turns.now())
            change = StoreChange(code, settings={"poll_interval_s": seconds})
            update_store(self.environment.database, asked, change)


@contextmanager
def showcase(days: float, *, orders_per_hour: int, port: int) -> Iterator[Showcase]:
    """Serve a demo that has lived for so many days until the block ends; shops are at `port`."""
    home = Path(tempfile.mkdtemp(prefix="onhand-showcase-"))
    try:
        _make_past(home, days)
        settings = {
            "ONHAND_HOME": str(home),
            "PORT": "0",
            "LOG_LEVEL": "error",
            "SIMULATOR_PORT": str(port),
            "SIMULATOR_ORDERS_PER_HOUR": str(orders_per_hour),
        }
        with _serving(settings) as told:
            made = Showcase(told["url"], told["set_up"], f"http://127.0.0.1:{port}/_sim", home)
            _dress(made)
            yield made
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _make_past(home: Path, days: float) -> None:
    silence()
    past = Past(home, days)
    past.live_through(datetime.now(UTC))
    (home / _STATE).write_bytes(past.rakuten.snapshot())
    for file in home.glob("live.db*"):  # it was lived in `live`, which knows no demo
        file.rename(home / file.name.replace("live", "test"))


@contextmanager
def _serving(settings: dict[str, str]) -> Iterator[dict[str, Any]]:
    program = Path(sys.executable).parent / "onhand"
    process = subprocess.Popen(
        [program, "serve", "--json"], env={**os.environ, **settings}, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


# What people did in it, over the API


def _dress(made: Showcase) -> None:
    with _client(made, "live") as live:
        for name, role, language in (("sato", "operator", "ja"), ("li-na", "viewer", "zh")):
            _post(live, "/users", {"name": name, "role": role, "language": language})
    with _client(made, "test") as test:
        for name, scope in (("web-shop", "reserve"), ("warehouse", "operator")):
            _post(test, "/tokens", {"name": name, "scope": scope})
        for sku, limit in (("ce1111", 20), ("kn3001", 10), ("tea-4003", 15), ("lp-7001", 4)):
            test.put(
                f"/inventory/{sku}/threshold", json={"low_stock_threshold": limit}
            ).raise_for_status()
        _count(test)
        _bring_in(test)
        _spoil(made, test)


def _count(test: httpx.Client) -> None:
    names = ("棚A 茶器", "棚A 茶器 再計数")
    for name, counted in zip(names, (len(_SHEET), 4), strict=True):
        sheet = _post(test, "/counts", {"name": name, "skus": list(_SHEET)})["id"]
        lines = []
        for place, sku in enumerate(_SHEET[:counted]):
            on_hand = test.get(f"/inventory/{sku}").raise_for_status().json()["on_hand"]
            lines.append({"sku": sku, "counted": max(0, on_hand - (place == 1))})
        _post(test, f"/counts/{sheet}/lines", {"lines": lines})
        if counted == len(_SHEET):
            _post(test, f"/counts/{sheet}/close", {})


def _bring_in(test: httpx.Client) -> None:
    file = ("入荷 11月第4週.csv", "\r\n".join(_DELIVERY).encode("cp932"), "text/csv")
    # What is sold between the two steps makes the second refuse: then both are taken again.
    for _ in range(_TRIES):
        asked = test.post("/import/preview", files={"file": file}, data={"stock": "add"})
        body = {"import": asked.raise_for_status().json()["import"]}
        confirmed = test.post("/import/confirm", json=body)
        if confirmed.status_code != httpx.codes.CONFLICT:
            confirmed.raise_for_status()
            return
    raise RuntimeError("the shops sell faster than a file can be brought in")


def _spoil(made: Showcase, test: httpx.Client) -> None:
    """One shop refuses what it is told of one SKU; something nobody mapped is ordered there."""
    fault = {
        "kind": "error",
        "function": "inventories.bulk.upsert",
        "shop": "sendai-bags",
        "status": 400,
        "code": "IE0100",
    }
    with httpx.Client(base_url=made.shops, timeout=20) as shops:
        _post(shops, "/faults", {"fault": fault, "times": 40})
        body = {"mode": "subtract", "quantity": 1, "reason": "倉庫で破損"}
        test.put("/inventory/kn3002/adjust", json=body).raise_for_status()
        line = {"item": "tokyo-furoshiki", "variant": "normal-inventory", "units": 1}
        shops.post("/tokyo-bags/orders", json={"lines": [line]}).raise_for_status()
        for town in ("tokyo", "osaka"):
            mug = {"item": f"{town}-enamel-mug", "variant": "normal-inventory", "units": 1}
            shops.post(f"/{town}-bags/orders", json={"lines": [mug]})  # sold out, it may be


def _client(made: Showcase, environment: str) -> httpx.Client:
    token = (made.home / f"admin-token.{environment}").read_text().strip()
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=f"{made.url}/api/v1", headers=headers, timeout=60)


def _post(client: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = client.post(path, json=body).raise_for_status().json()
    return answer
