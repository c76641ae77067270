"""Any sequence of asks keeps the pure ledger whole."""

from copy import deepcopy
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from onhand.stock.model.commands import Caller, Command
from tests.shop import START
from tests.stock.machine import LedgerMachine, ModelLedger, Plan, Subject, asked
from tests.stock.recount import Account


class ModelMachine(LedgerMachine):
    """The pure decisions against themselves: what is checked are the invariants."""

    def make_subject(self) -> Subject:
        """Another model ledger."""
        return ModelLedger()


TestModelLedger = ModelMachine.TestCase
TestModelLedger.settings = settings(max_examples=50, stateful_step_count=30)


@pytest.mark.slow
def test_longer_sequences() -> None:
    """The same for longer."""
    longer = settings(max_examples=100, stateful_step_count=60)
    run_state_machine_as_test(ModelMachine, settings=longer)


def units(accounts: dict[str, Account]) -> dict[tuple[str, str], tuple[int, int, int]]:
    """Balances by SKU and location."""
    return {
        (sku_id, name): (place.on_hand, place.reserved, place.shortfall)
        for sku_id, account in accounts.items()
        for name, place in account.places.items()
    }


@settings(max_examples=60)
@given(before=st.lists(asked, max_size=8), batch=st.lists(asked, min_size=1, max_size=3))
def test_a_batch_is_what_its_commands_are_one_by_one(
    before: list[list[tuple[Plan, Caller, bool]]], batch: list[list[tuple[Plan, Caller, bool]]]
) -> None:
    """The grouping of commands into transactions decides nothing."""
    machine = ModelMachine()
    for group in before:
        machine.ask(group)
    together, alone = machine.twin, deepcopy(machine.twin)
    commands = [
        Command(caller, machine.filled(plan, together)) for g in batch for plan, caller, _ in g
    ]
    now: datetime = START
    outcomes = together.run(commands, now)
    assert [alone.run([command], now)[0] for command in commands] == outcomes
    assert units(together.accounts()) == units(alone.accounts())
