"""Random shops: sequences of asks, clock jumps and replays, checked after every step."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from onhand.stock.commands.pending import identify
from onhand.stock.commands.write import answer
from onhand.stock.model.book import Book, Hold, SkuStock, Stamp
from onhand.stock.model.commands import (
    Adjust,
    AdjustLine,
    AdjustMode,
    Ask,
    Caller,
    ChangeHold,
    Command,
    Count,
    CountLine,
    Deduct,
    ExpireHolds,
    Line,
    Policy,
    Receive,
    Release,
    Reserve,
    ResetSku,
    Return,
    SetPolicy,
    Transfer,
    Undo,
    UndoHow,
)
from onhand.stock.model.decide import decide
from onhand.stock.model.events import Event, Reference, ReferenceType
from onhand.stock.model.refusals import IdempotencyConflict, Refusal
from onhand.stock.model.undo import UNDOABLE, negate, undo_reference
from tests.shop import START
from tests.stock.recount import Account, check_account, fold

SKUS = ("a", "b", "c")
ALIASES = {"aa": "a"}
PLACES = ("main", "east", "west")
CALLERS = (Caller("till"), Caller("kiosk"), Caller("boss", touches_all=True))
POLICY = Policy(cart_hold_s=60, order_hold_s=30, max_held_units_per_owner=12)

skus = st.sampled_from([*SKUS, *SKUS, *SKUS, "aa", "ghost"])
places = st.sampled_from([None, None, *PLACES, "moon"])
units = st.integers(1, 8)
line_tuples = st.lists(st.builds(Line, skus, units, places), min_size=1, max_size=3).map(tuple)
some_lines = st.one_of(st.just(()), line_tuples)
references = st.builds(
    Reference,
    st.sampled_from([ReferenceType.CART, ReferenceType.ORDER]),
    st.sampled_from(["1", "2", "3"]),
)
owners = st.sampled_from(["ann", "bob"])


@dataclass(frozen=True)
class Moment:
    """A moment relative to when it is asked, in seconds; None is left out."""

    seconds: int | None


moments = st.builds(Moment, st.one_of(st.none(), st.integers(-5, 90)))
past = st.builds(Moment, st.one_of(st.none(), st.integers(-90, 1)))


@dataclass(frozen=True)
class Plan:
    """An ask whose moments and hold are still to be filled in."""

    ask: Ask
    at: Moment = Moment(None)
    hold_number: int = 0


adjust_lines = st.lists(
    st.builds(AdjustLine, skus, st.sampled_from(AdjustMode), units, places), min_size=1, max_size=2
).map(tuple)
count_lines = st.lists(
    st.builds(CountLine, skus, st.integers(0, 9), st.one_of(st.none(), st.integers(0, 9)), places),
    min_size=1,
    max_size=2,
).map(tuple)
change_hold = st.builds(
    ChangeHold,
    st.just(""),
    units=st.one_of(st.none(), units),
    never_expires=st.booleans(),
    order_id=st.one_of(st.none(), st.sampled_from(["1", "2", "3"])),
)
plans = st.one_of(
    st.builds(Plan, st.builds(Receive, line_tuples), past),
    st.builds(Plan, st.builds(Receive, line_tuples), past),
    st.builds(
        Plan,
        st.builds(Reserve, references, owners, line_tuples, st.none(), st.booleans()),
        moments,
    ),
    st.builds(Plan, st.builds(Reserve, references, owners, line_tuples), moments),
    st.builds(Plan, st.builds(Release, references, some_lines)),
    st.builds(Plan, st.builds(Deduct, references, some_lines)),
    st.builds(Plan, st.builds(Return, references, line_tuples, known_only=st.booleans())),
    st.builds(Plan, st.builds(Adjust, adjust_lines, st.just("because")), past),
    st.builds(Plan, st.builds(Count, count_lines)),
    st.builds(Plan, st.builds(Transfer, line_tuples, st.sampled_from([*PLACES, "moon"]))),
    st.builds(Plan, change_hold, moments, st.integers(0, 99)),
    st.builds(Plan, st.builds(SetPolicy, skus, allow_oversell=st.booleans())),
    st.builds(Plan, st.builds(ResetSku, skus)),
    st.builds(Plan, st.just(ExpireHolds(SKUS))),
)
asked = st.lists(st.tuples(plans, st.sampled_from(CALLERS), st.booleans()), min_size=1, max_size=4)


@dataclass(frozen=True)
class Outcome:
    """What became of a command, comparable between ledgers: ids of holds left out."""

    refusal: str | None
    levels: Any = None
    holds: Any = None
    replayed: bool = False


def outcome_of(text: str, *, replayed: bool) -> Outcome:
    """The outcome of an accepted command from its answer."""
    told = json.loads(text)
    holds = [{k: v for k, v in hold.items() if k != "id"} for hold in told.get("reservations", ())]
    return Outcome(None, told["levels"], [*holds, *told.get("left_out", ())], replayed)


class Subject(Protocol):
    """A ledger under test."""

    def run(self, commands: Sequence[Command], now: datetime) -> list[Outcome]:
        """Execute one batch."""

    def register_again(self, sku_id: str) -> None:
        """Make a reset SKU known again."""

    def hold_id(self, number: int) -> str:
        """The id of one of the holds ever made, oldest first; any number will do."""

    def accounts(self) -> dict[str, Account]:
        """The accounts its events add up to, checked against what it stores."""


class ModelLedger:
    """The pure decisions with everything kept in memory: no database, no loading, no writing."""

    def __init__(self) -> None:
        """Three registered SKUs and three locations."""
        self.stocks = {sku_id: SkuStock(sku_id) for sku_id in SKUS}
        self.names = dict(ALIASES)
        self.holds: dict[str, Hold] = {}
        self.events: list[Event] = []
        self._answers: dict[str, tuple[str, str]] = {}
        self._batches = 0

    def run(self, commands: Sequence[Command], now: datetime) -> list[Outcome]:
        """Execute one batch."""
        self._batches += 1
        book = Book(
            self.stocks.values(),
            now=now,
            locations=PLACES,
            policy=POLICY,
            batch_id=f"{self._batches:032x}",
        )
        book.names = self.names
        for hold in self.holds.values():
            book.add_hold(hold)
        book.expire_due(Stamp("sweep", "system", "system", reason="expired"))
        outcomes = [self._run_one(book, command) for command in commands]
        self.holds = book.holds
        self.events += book.events
        for sku_id in book.reset_skus:
            for hold in self.holds.values():
                if hold.sku_id == sku_id:
                    hold.units_held = 0
            self.names = {k: v for k, v in self.names.items() if v != sku_id}
        return outcomes

    def _run_one(self, book: Book, command: Command) -> Outcome:
        item = identify(command)
        if item.command_id in self._answers:
            first_hash, text = self._answers[item.command_id]
            if first_hash != item.request_hash:
                return Outcome(IdempotencyConflict.code)
            return outcome_of(text, replayed=True)
        draft = decide(book, command, item.command_id)
        if isinstance(draft, Refusal):
            return Outcome(draft.code)
        text = answer(draft, command)
        self._answers[item.command_id] = (item.request_hash, text)
        return outcome_of(text, replayed=False)

    def register_again(self, sku_id: str) -> None:
        """Make a reset SKU known again."""
        self.stocks[sku_id].registered = True

    def hold_id(self, number: int) -> str:
        """The id of one of the holds ever made, oldest first."""
        ids = list(self.holds)
        return ids[number % len(ids)] if ids else "none"

    def accounts(self) -> dict[str, Account]:
        """The accounts the events add up to, checked against the balances kept beside them."""
        accounts = fold(event._asdict() for event in self.events)
        for sku_id, stock in self.stocks.items():
            account = accounts.get(sku_id, Account())
            assert (stock.on_hand, stock.reserved) == (account.on_hand, account.reserved)
            assert (stock.version, stock.hash) == (account.version, account.hash)
            for place, balance in stock.balances.items():
                if place in account.places or balance.on_hand or balance.reserved:
                    told = account.places[place]
                    assert (balance.on_hand, balance.reserved, balance.shortfall) == (
                        told.on_hand,
                        told.reserved,
                        told.shortfall,
                    )
        held = {
            hold_id: hold.held
            for account in accounts.values()
            for hold_id, hold in account.holds.items()
            if hold.held
        }
        assert {i: h.units_held for i, h in self.holds.items() if h.units_held} == held
        return accounts


class LedgerMachine(RuleBasedStateMachine):
    """Drives a subject, and the pure decisions beside it as its twin."""

    def __init__(self) -> None:
        """A new subject at START."""
        super().__init__()
        self.now = START
        self.twin = ModelLedger()
        self.subject = self.make_subject()
        self.done: list[tuple[Command, Outcome]] = []
        self.leave: set[str] = set()
        self.keys = 0

    def make_subject(self) -> Subject:
        """The ledger that is tested."""
        raise NotImplementedError

    @rule(seconds=st.sampled_from([0, 1, 10, 30, 60, 600, -3]))
    def time_passes(self, seconds: int) -> None:
        """Clocks jump, also back a little."""
        self.now += timedelta(seconds=seconds)

    @rule(sku_id=st.sampled_from(SKUS))
    def register_again(self, sku_id: str) -> None:
        """Give a reset SKU a new life."""
        if not self.twin.stocks[sku_id].registered:
            self.twin.register_again(sku_id)
            self.subject.register_again(sku_id)

    @rule(batch=asked)
    def ask(self, batch: list[tuple[Plan, Caller, bool]]) -> None:
        """A batch is decided as the pure decisions alone would decide it."""
        ours, twins = [], []
        for plan, caller, keyed in batch:
            self.keys += 1
            key = f"key-{self.keys}" if keyed else None
            ours.append(Command(caller, self.filled(plan, self.subject), key))
            twins.append(Command(caller, self.filled(plan, self.twin), key))
        outcomes = self.subject.run(ours, self.now)
        assert outcomes == self.twin.run(twins, self.now)
        for command, outcome in zip(ours, outcomes, strict=True):
            self.note(command, outcome)

    def filled(self, plan: Plan, subject: Subject) -> Ask:
        """The ask with its moments and hold."""
        ask = plan.ask
        at = None
        if plan.at.seconds is not None:
            at = self.now + timedelta(seconds=plan.at.seconds)
        if isinstance(ask, ChangeHold):
            return replace(ask, reservation_id=subject.hold_id(plan.hold_number), expires_at=at)
        if isinstance(ask, Reserve):
            return replace(ask, expires_at=at)
        return replace(ask, happened_at=at) if isinstance(ask, Receive | Adjust) else ask

    def note(self, command: Command, outcome: Outcome) -> None:
        """Remember what may be replayed, and who has leave to be oversold."""
        if outcome.refusal is not None:
            return
        if command.idempotency_key is not None:
            self.done.append((command, outcome))
        ask = command.ask
        if isinstance(ask, SetPolicy) and ask.allow_oversell:
            self.leave.add(ALIASES.get(ask.sku, ask.sku))
        elif isinstance(ask, Count):
            self.leave |= {ALIASES.get(line.sku, line.sku) for line in ask.lines}

    @rule(
        choice=st.integers(0, 10**6),
        how=st.sampled_from(UndoHow),
        caller=st.sampled_from(CALLERS),
    )
    def take_back(self, choice: int, how: UndoHow, caller: Caller) -> None:
        """One of the commands that moved units without a hold is undone, perhaps again."""
        groups: dict[str, list[Event]] = {}
        for event in self.twin.events:
            if event.kind in UNDOABLE and event.reservation_id is None:
                groups.setdefault(event.command_id, []).append(event)
        if not groups:
            return
        number = choice % len(groups)
        name = f"command:{number}"
        events = list(groups.values())[number]
        lines = tuple(negate((e[1], e[2], e[4], e[5], e[6]) for e in events))
        ask = Undo(name, how, lines, 0, is_last=True, reference=undo_reference(name))
        command = Command(caller, ask, name, key_space=" undo")
        (outcome,) = self.subject.run([command], self.now)
        assert [outcome] == self.twin.run([command], self.now)
        self.note(command, outcome)

    @rule(choice=st.integers(0, 10**6))
    def replay(self, choice: int) -> None:
        """A command asked again gets its first answer and changes nothing."""
        if not self.done:
            return
        command, first = self.done[choice % len(self.done)]
        sweep = Command(CALLERS[0], ExpireHolds(SKUS))
        self.subject.run([sweep], self.now)
        self.twin.run([sweep], self.now)
        before = {sku: account.hash for sku, account in self.subject.accounts().items()}
        assert self.subject.run([command], self.now) == [replace(first, replayed=True)]
        after = {sku: account.hash for sku, account in self.subject.accounts().items()}
        assert after == before

    @invariant()
    def adds_up(self) -> None:
        """Events, balances and holds agree; nothing is below zero without leave."""
        for sku_id, account in self.subject.accounts().items():
            check_account(account)
            if sku_id not in self.leave:
                for place in account.places.values():
                    assert place.on_hand >= place.reserved >= 0, (sku_id, place)
                    assert place.shortfall == 0, (sku_id, place)
