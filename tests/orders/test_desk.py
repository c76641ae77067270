"""The order desk: what opens entries and what closes them (O5)."""

import pytest

from onhand.access.model import Accepted, Actor, Asked
from onhand.access.tables import audit_entry
from onhand.catalog.commands.stores import pause_store, resume_store
from onhand.catalog.model.stores import PauseReason
from onhand.channels.port import OrderState
from onhand.orders.commands import OrderKey, close_entry, close_settled
from onhand.orders.model.desk import ACTIONS, EntryKind
from onhand.orders.model.refusals import EntryClosed, EntryNotFound, InvalidReason
from onhand.orders.queries.desk import (
    DeskFilter,
    EntryView,
    StalledStore,
    count_open,
    list_entries,
    read_entry,
)
from onhand.orders.tables import desk_entry
from onhand.stock.model.commands import Return
from tests.orders.market import STORE, Market, line, order
from tests.shop import lines


@pytest.fixture
def tote(market: Market) -> Market:
    """Three totes, listed."""
    market.shop.register(tote=3)
    market.offer("tote", "tote")
    return market


def entries(market: Market, wanted: DeskFilter | None = None) -> list[EntryView]:
    """The desk."""
    with market.database.read() as connection:
        return list_entries(connection, wanted or DeskFilter()).entries


def sweep(market: Market) -> int:
    """Close what the ledger has done away with."""
    return close_settled(market.database, now=market.clock(), limit=10)


def test_a_shortfall_closes_when_goods_come_in(tote: Market) -> None:
    assert tote.take(order(line("tote", 5))).shortfall == {"tote": 2}
    assert sweep(tote) == 0
    tote.shop.receive("tote", 1)
    assert sweep(tote) == 0
    tote.shop.receive("tote", 1)
    assert sweep(tote) == 1
    assert entries(tote) == []
    assert sweep(tote) == 0


def test_a_shortfall_closes_when_the_order_is_cancelled(tote: Market) -> None:
    tote.take(order(line("tote", 5)))
    tote.take(order(line("tote", 5), state=OrderState.CANCELLED, read_s=61))
    assert entries(tote) == []


def test_a_shortfall_grows_with_the_order(tote: Market) -> None:
    tote.take(order(line("tote", 5)))
    assert tote.take(order(line("tote", 6), read_s=61)).shortfall == {"tote": 1}
    (entry,) = entries(tote)
    assert entry.facts == {"sku": "tote", "units": 3}
    assert entry.actions == ("receive_stock", "cancel_at_shop", "close")


def test_a_cancellation_after_shipping_closes_when_the_goods_are_back(tote: Market) -> None:
    tote.take(order(line("tote", 2), state=OrderState.SHIPPED))
    tote.take(order(line("tote", 2), state=OrderState.CANCELLED, read_s=61))
    reference = OrderKey(STORE, "o1").reference
    caller = OrderKey(STORE, "o1").caller
    tote.shop.do(Return(reference, lines(tote=1)), caller=caller)
    assert sweep(tote) == 0
    tote.shop.do(Return(reference, lines(tote=1)), caller=caller)
    assert sweep(tote) == 1


def test_closing_by_hand(tote: Market) -> None:
    tote.take(order(line("tote", 5)))
    (entry,) = entries(tote)
    asked = Asked(Actor("ann"), tote.clock())
    assert isinstance(close_entry(tote.database, asked, entry.entry, " bought more "), Accepted)
    refused = close_entry(tote.database, asked, entry.entry, "again")
    assert refused == EntryClosed(entry.entry, "bought more")
    assert entries(tote) == []
    (closed,) = entries(tote, DeskFilter(include_closed=True))
    assert (closed.closed_by, closed.closed_how, closed.actions) == ("ann", "bought more", ())
    assert ("CloseDeskEntry", "order:tokyo:o1") in tote.table(audit_entry, "action", "subject")


@pytest.mark.parametrize("how", ["", "  ", "x" * 201, "a\0"])
def test_what_was_done_must_be_said(tote: Market, how: str) -> None:
    asked = Asked(Actor("ann"), tote.clock())
    assert isinstance(close_entry(tote.database, asked, "e", how), InvalidReason)


@pytest.mark.parametrize("entry_id", ["e", "e\0"])
def test_an_unknown_entry(tote: Market, entry_id: str) -> None:
    asked = Asked(Actor("ann"), tote.clock())
    assert close_entry(tote.database, asked, entry_id, "x") == EntryNotFound(entry_id)
    with tote.database.read() as connection:
        assert read_entry(connection, entry_id) is None


def test_lists_pages_and_counts(tote: Market) -> None:
    for number in range(3):
        tote.take(order(line("mug", 1), order_id=f"m{number}"))
    tote.take(order(line("tote", 5)))
    with tote.database.read() as connection:
        assert count_open(connection) == {STORE: {"unmapped": 3, "shortfall": 1}}
        first = list_entries(connection, DeskFilter(limit=3))
        rest = list_entries(connection, DeskFilter(limit=3, after=first.cursor))
        seen = [entry.order for entry in first.entries + rest.entries]
        assert (seen, rest.cursor) == (["o1", "m2", "m1", "m0"], None)
        assert read_entry(connection, first.entries[0].entry) == first.entries[0]
        with pytest.raises(ValueError, match="cursor"):
            list_entries(connection, DeskFilter(after="\0"))
    by_kind = entries(tote, DeskFilter(kind=EntryKind.SHORTFALL, store=STORE, order="o1"))
    assert [entry.order for entry in by_kind] == ["o1"]
    assert entries(tote, DeskFilter(store="\0")) == []
    assert len(tote.table(desk_entry)) == 4


def test_every_kind_says_what_can_be_done() -> None:
    assert set(ACTIONS) == set(EntryKind)


def test_a_store_whose_keys_have_ended_is_on_the_desk_until_it_goes_on(tote: Market) -> None:
    def stalled(**chosen: object) -> list[StalledStore]:
        with tote.database.read() as connection:
            return list_entries(connection, DeskFilter(**chosen)).stores  # type: ignore[arg-type]

    tote.open("osaka", "kyoto")
    tote.take(order(line("ghost", 1)))
    assert stalled() == []
    since = tote.clock.advance(60)
    with tote.database.begin() as connection:
        pause_store(connection, STORE, PauseReason.AUTH_EXPIRED, "GA0001", now=since)
        pause_store(connection, "kyoto", PauseReason.BY_HAND, "", now=since)

    expected = [StalledStore(STORE, STORE, since, "GA0001", ("set_keys",))]
    assert stalled() == stalled(store=STORE) == expected
    for chosen in ({"store": "osaka"}, {"kind": "unmapped"}, {"order": "o1"}, {"after": "f" * 32}):
        assert stalled(**chosen) == []
    with tote.database.begin() as connection:
        resume_store(connection, STORE, now=since)
    assert stalled() == []
