"""A process that dies while it brings a file in is followed by one that does each SKU once."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from onhand.imports.commands.asking import AskAnswer
from onhand.imports.commands.work import work_on
from onhand.imports.commands.working import Pace
from onhand.imports.model.plan import StockMode, Terms
from onhand.imports.model.states import ImportState
from onhand.stock.tables import stock_event
from tests.imports.importing import Importer, Told, table
from tests.shop import Shop

ADD = Terms(stock=StockMode.ADD)
SKUS = 60
FILE = table(*((f"s{n}", n + 1) for n in range(SKUS)))

VICTIM = """
import os, signal, sys
from datetime import datetime, timedelta
from onhand.db.database import Database
from onhand.imports.commands.work import work_on
from onhand.imports.commands.working import Pace, Workshop
from onhand.stock.commands import Ledger
from onhand.stock.model.commands import Policy

url, schema, moment, deadly, when = sys.argv[1:]
database = Database(url, schema=schema or None)
clock = lambda: datetime.fromisoformat(moment)
left = int(deadly)

def at_commit(which):
    global left
    if which == when:
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

class Deaf:
    def advance(self, done, total): pass
    def wants_stop(self): return None

ledger = Ledger(database, clock=clock, policy=Policy())
workshop = Workshop(database, ledger, clock, "victim", Pace(7, 7))
database.at_commit = at_commit
work_on(workshop, Deaf())
print("survived")
"""


def run_victim(importer: Importer, deadly: int, when: str) -> bool:
    """Work in another process until it is killed around a commit; whether it was."""
    database = importer.database
    url = database.url.render_as_string(hide_password=False)
    moment = importer.shop.clock().isoformat()
    arguments = [url, database.schema or "", moment, str(deadly), when]
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", VICTIM, *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode != 0


@pytest.mark.slow
@pytest.mark.parametrize(("deadly", "when"), [(0, "after"), (2, "before"), (5, "after")])
def test_a_killed_confirmation_goes_on_with_the_next_sku(
    shop: Shop, deadly: int, when: str
) -> None:
    importer = Importer(shop, "asker", Pace(1000, 7))
    shop.register("s3", s5=10)
    seen = importer.preview(FILE, ADD)
    asked = importer.ask_confirm(seen.import_id)
    assert isinstance(asked, AskAnswer)
    shop.clock.advance(31)  # the asker is silent: anybody may take it

    assert run_victim(importer, deadly, when)
    half = importer.view(seen.import_id)
    assert half.state is ImportState.CONFIRMED
    assert half.done < SKUS
    shop.clock.advance(31)
    importer.holder = "heir"
    assert work_on(importer.workshop, Told()) == seen.import_id

    assert importer.view(seen.import_id).state is ImportState.APPLIED
    event = stock_event.c
    with shop.database.read() as connection:
        rows = connection.execute(
            sa.select(event.sku_id, event.on_hand_change).where(
                event.reference_id == seen.import_id
            )
        )
        assert sorted(map(tuple, rows)) == sorted((f"s{n}", n + 1) for n in range(SKUS))
    assert importer.on_hand()["s5"] == 16


@pytest.mark.slow
@pytest.mark.parametrize("deadly", [1, 4])
def test_a_killed_preview_begins_anew(shop: Shop, deadly: int) -> None:
    importer = Importer(shop, "asker", Pace(7, 7))
    asked = importer.ask(FILE, ADD)
    assert isinstance(asked, AskAnswer)
    shop.clock.advance(31)

    assert run_victim(importer, deadly, "after")
    shop.clock.advance(31)
    work_on(importer.workshop, Told())

    view = importer.view(asked.import_id)
    assert (view.state, view.counts.skus, view.counts.rows) == (ImportState.PREVIEWED, SKUS, SKUS)
    assert len(importer.changes(asked.import_id)) == SKUS
