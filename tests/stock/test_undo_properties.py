"""Whatever was asked before and after: an undo negates its group, and nothing else."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from onhand.stock.model.commands import (
    Adjust,
    Ask,
    Caller,
    Command,
    Count,
    Receive,
    Transfer,
    Undo,
    UndoHow,
    UndoLine,
)
from onhand.stock.model.undo import negate, undo_reference
from tests.stock.machine import (
    CALLERS,
    PLACES,
    Outcome,
    Plan,
    adjust_lines,
    asked,
    count_lines,
    line_tuples,
)
from tests.stock.recount import check_account
from tests.stock.test_properties_model import ModelMachine, units

groups = st.one_of(
    st.builds(Receive, line_tuples),
    st.builds(Adjust, adjust_lines, st.just("because")),
    st.builds(Count, count_lines),
    st.builds(Transfer, line_tuples, st.sampled_from(PLACES)),
)
hows = st.sampled_from(UndoHow)
before_it = st.lists(asked, max_size=6)
Batch = list[tuple[Plan, Caller, bool]]


def after(batches: list[Batch]) -> ModelMachine:
    """A ledger after these batches."""
    machine = ModelMachine()
    for batch in batches:
        machine.ask(batch)
    return machine


def ask(machine: ModelMachine, what: Ask) -> Outcome:
    """What becomes of one ask."""
    command = Command(CALLERS[0], what)
    (outcome,) = machine.twin.run([command], machine.now)
    assert machine.subject.run([command], machine.now) == [outcome]
    return outcome


def undo_of(machine: ModelMachine, first: int, how: UndoHow) -> Undo:
    """Take back the events from this one on."""
    events = machine.twin.events[first:]
    lines = negate(
        (e.sku_id, e.generation, e.location_id, e.kind, e.on_hand_change) for e in events
    )
    name = "command:1"
    return Undo(name, how, tuple(lines), 0, is_last=True, reference=undo_reference(name))


@settings(max_examples=40)
@given(before=before_it, group=groups, how=hows)
def test_nothing_is_left_of_what_is_taken_back_at_once(
    before: list[Batch], group: Ask, how: UndoHow
) -> None:
    machine = after(before)
    was, first = units(machine.twin.accounts()), len(machine.twin.events)
    assume(ask(machine, group).refusal is None)
    outcome = ask(machine, undo_of(machine, first, how))
    if any(shortfall for _, _, shortfall in was.values()):
        return  # what was below zero with leave may not go there again without
    assert (outcome.refusal, outcome.holds) == (None, [])
    now = units(machine.twin.accounts())
    nothing = (0, 0, 0)
    assert {place: now[place] for place in now if now[place] != nothing or place in was} == was


@settings(max_examples=40)
@given(before=before_it, group=groups, since=st.lists(asked, max_size=4), how=hows)
def test_an_undo_changes_what_its_group_changed_and_nothing_else(
    before: list[Batch], group: Ask, since: list[Batch], how: UndoHow
) -> None:
    machine = after(before)
    first = len(machine.twin.events)
    assume(ask(machine, group).refusal is None)
    undo = undo_of(machine, first, how)
    for batch in since:
        machine.ask(batch)
    was = units(machine.twin.accounts())
    outcome = ask(machine, undo)
    accounts = machine.twin.accounts()
    left_out = {broken["sku"] for broken in outcome.holds or ()}
    done: list[UndoLine] = []
    if outcome.refusal is None:
        done = [line for line in undo.lines if line.sku not in left_out]
        assert how is UndoHow.WHAT_IS_POSSIBLE or not left_out
    expected = {place: (on_hand, reserved) for place, (on_hand, reserved, _) in was.items()}
    for line in done:
        on_hand, reserved = expected.get((line.sku, line.location), (0, 0))
        expected[line.sku, line.location] = (on_hand + line.units, reserved)
    assert {place: found[:2] for place, found in units(accounts).items()} == expected
    for account in accounts.values():
        check_account(account)
    for place, (_, _, shortfall) in units(accounts).items():
        leave = machine.twin.stocks[place[0]].allow_oversell
        assert leave or shortfall <= was.get(place, (0, 0, 0))[2], place
