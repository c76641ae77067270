"""Any sequence of asks keeps the SQLite ledger whole, and as the pure decisions want it."""

import shutil
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from onhand.catalog.tables import sku
from onhand.db.database import Database
from onhand.stock.commands import Accepted, Ledger
from onhand.stock.model.commands import Command
from onhand.stock.model.refusals import Refusal
from tests.databases import migrated_sqlite_file
from tests.shop import FakeClock, Shop
from tests.stock.machine import (
    ALIASES,
    PLACES,
    POLICY,
    SKUS,
    LedgerMachine,
    Outcome,
    Subject,
    outcome_of,
)
from tests.stock.recount import Account, assert_sound


class SqliteLedger:
    """The real ledger on a file of its own."""

    def __init__(self, folder: Path) -> None:
        """The same SKUs and locations as the model ledger."""
        template = folder / "template.db"
        if not template.exists():
            migrated_sqlite_file(template)
        path = folder / "onhand.db"
        shutil.copyfile(template, path)
        self.now: datetime | None = None
        self.database = Database(f"sqlite:///{path}")
        self.ledger = Ledger(self.database, clock=self._clock, policy=POLICY)
        self._holds: list[str] = []
        shop = Shop(self.ledger, FakeClock())
        for priority, place in enumerate(PLACES[1:]):
            shop.add_location(place, priority=priority)
        shop.register(*SKUS)
        for alias, sku_id in ALIASES.items():
            shop.add_alias(alias, sku_id)

    def _clock(self) -> datetime:
        assert self.now is not None
        return self.now

    def run(self, commands: Sequence[Command], now: datetime) -> list[Outcome]:
        """Execute one batch."""
        self.now = now
        outcomes = []
        for result in self.ledger.execute(commands):
            if isinstance(result, Refusal):
                outcomes.append(Outcome(result.code))
            else:
                assert isinstance(result, Accepted)
                outcomes.append(outcome_of(result.answer, replayed=result.replayed))
        return outcomes

    def register_again(self, sku_id: str) -> None:
        """Make a reset SKU known again."""
        with self.database.begin() as connection:
            connection.execute(sa.update(sku).where(sku.c.sku_id == sku_id).values(status="active"))

    def hold_id(self, number: int) -> str:
        """The id of one of the holds ever made, oldest first."""
        with self.database.read() as connection:
            found = connection.execute(
                sa.text("SELECT reservation_id FROM reservation ORDER BY rowid")
            )
            ids = list(found.scalars())
        return ids[number % len(ids)] if ids else "none"

    def accounts(self) -> dict[str, Account]:
        """The accounts the stored events add up to, checked against all other tables."""
        return assert_sound(self.database)


class SqliteMachine(LedgerMachine):
    """The ledger on SQLite beside the pure decisions."""

    def make_subject(self) -> Subject:
        """A fresh file."""
        self.folder = tempfile.TemporaryDirectory(prefix="onhand-test-")
        return SqliteLedger(Path(self.folder.name))

    def teardown(self) -> None:
        """Close and remove the file."""
        assert isinstance(self.subject, SqliteLedger)
        self.subject.database.dispose()
        self.folder.cleanup()


TestSqliteLedger = SqliteMachine.TestCase
TestSqliteLedger.settings = settings(max_examples=20, stateful_step_count=20)


@pytest.mark.slow
def test_longer_sequences() -> None:
    """The same for longer."""
    longer = settings(max_examples=12, stateful_step_count=40)
    run_state_machine_as_test(SqliteMachine, settings=longer)
