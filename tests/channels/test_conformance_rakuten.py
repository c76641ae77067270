"""The Rakuten connector against the simulated Rakuten, over real sockets."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
import uvicorn

from onhand.channels.errors import (
    ChannelAuthExpired,
    ChannelError,
    ChannelProtocolError,
    ChannelRateLimited,
    ChannelUnavailable,
    ListingRejected,
)
from onhand.channels.http import Timeouts
from onhand.channels.port import (
    Channel,
    ChannelListing,
    ChannelOrder,
    Confirmation,
    ListingKey,
    OrderState,
    PushMode,
    StockChange,
)
from onhand.channels.rakuten.channel import RakutenChannel
from onhand.channels.rakuten.functions import RATES
from onhand.channels.rakuten.settings import RakutenKeys, RakutenOptions
from onhand.simulators.rakuten import (
    Envelope,
    Fault,
    FaultKind,
    Item,
    Knobs,
    LimitAnswer,
    Rakuten,
    Shop,
    Variant,
    Window,
    Wish,
    buy,
    buy_basket,
    cancel,
    change_units,
)
from onhand.simulators.rakuten.server import asgi
from tests.shop import FakeClock

START = datetime(2026, 11, 20, 3, 0, 0, 500_000, tzinfo=UTC)
MUG = ListingKey("mug", "normal-inventory")
BLACK, WHITE = ListingKey("tote", "tote-BK"), ListingKey("tote", "tote-WH")
Connect = Callable[..., RakutenChannel]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture
def rakuten(clock: FakeClock) -> Rakuten:
    return Rakuten(clock, seed=1, knobs=Knobs(limit_answer=LimitAnswer.OFF))


@pytest.fixture
def shop(rakuten: Rakuten) -> Shop:
    opened = rakuten.open_shop("tokyo-bags")
    opened.add_item(
        Item("Mug", "マグ", {"normal-inventory": Variant("MUG")}), {"normal-inventory": 50}
    )
    variants = {
        "tote-BK": Variant("TOTE-BK", {"color": "黒"}),
        "tote-WH": Variant("", {"color": "白"}, hidden=True),
    }
    opened.add_item(Item("tote", "トート", variants), {"tote-BK": 10})
    return opened


@pytest.fixture
def url(rakuten: Rakuten) -> Iterator[str]:
    config = uvicorn.Config(asgi(rakuten), log_level="critical", access_log=False)
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def connect(url: str, shop: Shop, clock: FakeClock) -> Iterator[Connect]:
    made: list[RakutenChannel] = []

    def pace(function: str) -> None:
        assert RATES[function] > 0

    def start(*, twin: bool = False, key: str | None = None) -> RakutenChannel:
        timeouts = Timeouts(read_s=5)
        options = RakutenOptions(url, use_purchase_item_api=twin, timeouts=timeouts)
        keys = RakutenKeys(shop.secret + "\n", key or shop.license_key)
        made.append(RakutenChannel(keys, options, pace=pace, clock=clock))
        return made[-1]

    yield start
    for channel in made:
        channel.close()


@pytest.fixture
def channel(connect: Connect) -> Channel:
    return connect()


def today(channel: Channel, clock: FakeClock) -> list[ChannelOrder]:
    """Every order of the last day."""
    until = clock()
    return [o for page in channel.placed_orders(until - timedelta(days=1), until) for o in page]


def pull(channel: Channel) -> dict[ListingKey, ChannelListing]:
    """The whole catalogue."""
    return {listing.key: listing for page in channel.listings() for listing in page}


def put(key: ListingKey, units: int, mode: PushMode = PushMode.RELATIVE) -> StockChange:
    """One row of a push."""
    return StockChange(key, mode, units)


def test_the_key_ends_when_the_shop_says(channel: Channel, shop: Shop) -> None:
    assert channel.check().expires_at == shop.key_expires_at


def test_the_catalogue_is_pulled(
    channel: Channel, shop: Shop, rakuten: Rakuten, clock: FakeClock
) -> None:
    for number in range(230):
        shop.add_item(Item(f"item-{number}", f"Item {number}", {"v": Variant(f"SKU-{number}")}))
    rakuten.knobs.item_index_lag_s = 3_600
    clock.advance(7_200)
    shop.delete_item("item-7")

    found = pull(channel)

    assert len(found) == 3 + 229
    assert ListingKey("item-7", "v") not in found
    assert (found[MUG].codes, found[MUG].name, found[MUG].is_sold) == (("MUG", "mug"), "マグ", True)
    assert (found[BLACK].codes, found[BLACK].name) == (("TOTE-BK", "tote-BK"), "トート 黒")
    assert (found[WHITE].codes, found[WHITE].is_sold) == (("tote-WH",), False)


@pytest.mark.parametrize("kind", [FaultKind.REORDERED, FaultKind.REPEATED])
def test_shuffled_and_repeated_pages_change_nothing(
    channel: Channel, shop: Shop, rakuten: Rakuten, clock: FakeClock, kind: FaultKind
) -> None:
    for number in range(150):
        shop.add_item(Item(f"item-{number}", "x", {"v": Variant()}), {"v": 9})
        buy(shop, f"item-{number}", "v", 1)
    rakuten.faults.by_chance(Fault(kind=kind), 1.0)

    assert len(pull(channel)) == 153
    assert len({order.order_id for order in today(channel, clock)}) == 150
    assert len(today(channel, clock)) == 150
    assert channel.read_stock([MUG, BLACK]).units == {MUG: 50, BLACK: 10}


def test_endless_pages_are_given_up(
    channel: Channel, shop: Shop, rakuten: Rakuten, clock: FakeClock
) -> None:
    buy(shop, "mug", "normal-inventory", 1)
    rakuten.faults.by_chance(Fault(kind=FaultKind.ENDLESS), 1.0)

    with pytest.raises(ChannelProtocolError):
        today(channel, clock)
    with suppress(ChannelError):
        assert len(pull(channel)) == 3


@pytest.mark.parametrize("twin", [False, True])
def test_an_order_is_followed_to_its_end(
    connect: Connect, shop: Shop, clock: FakeClock, *, twin: bool
) -> None:
    channel = connect(twin=twin)
    number = buy_basket(
        shop, [Wish("mug", "normal-inventory", 3), Wish("tote", "tote-BK", 1, package=1)]
    )
    assert number is not None

    (order,) = today(channel, clock)

    assert (order.order_id, order.state, order.status) == (number, OrderState.PLACED, "100")
    assert {(line.key, line.units) for line in order.lines} == {(MUG, 3), (BLACK, 1)}
    assert len({line.line_id for line in order.lines}) == 2
    assert {code for line in order.lines for code in line.codes} >= {"MUG", "TOTE-BK"}
    assert abs(order.ordered_at - clock()) <= timedelta(seconds=1)
    assert order.read_at == clock()
    assert json.loads(order.raw)["orderNumber"] == number
    assert "OrdererModel" not in order.raw
    assert "rice" not in order.raw

    line_id = shop.order(number).packages[1].lines[0].line_id
    assert change_units(shop, number, line_id, 0)
    results = channel.confirm_orders([number, "400123-20261101-0000000001"])
    assert results[number].outcome == Confirmation.CONFIRMED
    assert results["400123-20261101-0000000001"].outcome == Confirmation.FAILED
    assert channel.confirm_orders([number])[number].outcome == Confirmation.ALREADY

    (order,) = channel.read_orders([number, "400123-20261101-0000000001"])
    assert order.state == OrderState.CONFIRMED
    assert [(line.key, line.units) for line in order.lines] == [(MUG, 3)]

    assert cancel(shop, number)
    (order,) = channel.read_orders([number])
    assert order.state == OrderState.CANCELLED
    assert channel.confirm_orders([number])[number].outcome == Confirmation.CANCELLED
    assert [one.state for one in today(channel, clock)] == [OrderState.CANCELLED]


def test_many_orders_over_many_weeks_come_once(
    channel: Channel, rakuten: Rakuten, shop: Shop, clock: FakeClock
) -> None:
    shop.add_item(Item("pen", "pen", {"v": Variant()}), {"v": 99_999})
    since = clock()
    for _ in range(4):
        for _ in range(520):
            buy(shop, "pen", "v", 1)
        clock.advance(20 * 86_400)

    ids = [one.order_id for page in channel.placed_orders(since, clock()) for one in page]

    assert len(ids) == len(set(ids)) == len(shop.orders()) == 2_080


def test_stock_is_read_and_written(channel: Channel, shop: Shop, clock: FakeClock) -> None:
    sent_at = clock()

    reading = channel.read_stock([MUG, BLACK, WHITE, ListingKey("nothing", "v")])

    assert reading.units == {MUG: 50, BLACK: 10}
    assert reading.sent_at == reading.received_at == sent_at
    channel.push_stock([put(MUG, -7), put(BLACK, 4), put(WHITE, 5, PushMode.ABSOLUTE)])
    assert channel.read_stock([MUG, BLACK, WHITE]).units == {MUG: 43, BLACK: 14, WHITE: 5}


@pytest.mark.parametrize(
    ("changes", "row", "code"),
    [
        ([put(MUG, 1), put(BLACK, -11)], 1, "IE0117"),
        ([put(WHITE, 1)], 0, "IE0500"),
        ([put(MUG, 100_000, PushMode.ABSOLUTE)], 0, "IE0003"),
        ([put(ListingKey("m" * 33, "v"), 1)], 0, "IE0004"),
    ],
)
def test_a_refused_push_names_its_row(
    channel: Channel, shop: Shop, changes: list[StockChange], row: int, code: str
) -> None:
    with pytest.raises(ListingRejected, match=code) as raised:
        channel.push_stock(changes)

    assert raised.value.row in {row, None}
    assert shop.quantities() == {("mug", "normal-inventory"): 50, ("tote", "tote-BK"): 10}


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kind", [FaultKind.LOST, FaultKind.ERROR, FaultKind.HTML])
def test_a_write_without_a_good_answer_may_be_done(
    channel: Channel, rakuten: Rakuten, shop: Shop, kind: FaultKind, *, after: bool
) -> None:
    rakuten.faults.plan(Fault(kind=kind, function="inventories.bulk.upsert", after=after))

    with pytest.raises(ChannelUnavailable) as raised:
        channel.push_stock([put(MUG, -1)])

    assert raised.value.maybe_done is True
    assert shop.quantity("mug", "normal-inventory") == (49 if after else 50)
    assert channel.read_stock([MUG]).units == {MUG: 49 if after else 50}


@pytest.mark.parametrize("kind", [FaultKind.CONFLICT, FaultKind.READ_ONLY])
def test_a_refused_write_is_not_done(
    channel: Channel, rakuten: Rakuten, shop: Shop, kind: FaultKind
) -> None:
    rakuten.faults.plan(Fault(kind=kind))

    with pytest.raises(ChannelUnavailable) as raised:
        channel.push_stock([put(MUG, -1)])

    assert raised.value.maybe_done is False
    assert shop.quantity("mug", "normal-inventory") == 50


@pytest.mark.parametrize("seconds", [None, 17])
def test_a_call_too_many(channel: Channel, rakuten: Rakuten, seconds: int | None) -> None:
    rakuten.faults.plan(Fault(kind=FaultKind.LIMITED, retry_after_s=seconds))

    with pytest.raises(ChannelRateLimited) as raised:
        channel.read_stock([MUG])

    assert raised.value.retry_after_s == seconds


def test_half_an_answer_is_none(
    channel: Channel, rakuten: Rakuten, shop: Shop, clock: FakeClock
) -> None:
    buy(shop, "mug", "normal-inventory", 1)
    rakuten.faults.by_chance(Fault(kind=FaultKind.TRUNCATED), 1.0)

    for ask in (
        lambda: channel.read_stock([MUG]),
        lambda: today(channel, clock),
        lambda: pull(channel),
        channel.check,
    ):
        with pytest.raises(ChannelProtocolError):
            ask()


@pytest.mark.parametrize("envelope", list(Envelope))
def test_an_expired_key_is_known_in_every_envelope(
    connect: Connect, rakuten: Rakuten, shop: Shop, clock: FakeClock, envelope: Envelope
) -> None:
    channel = connect()
    rakuten.knobs.auth_envelope = envelope
    shop.expire_key()

    for ask in (
        lambda: channel.read_stock([MUG]),
        lambda: channel.push_stock([put(MUG, 1)]),
        lambda: channel.confirm_orders(["400123-20261101-0000000001"]),
        lambda: today(channel, clock),
        lambda: pull(channel),
        channel.check,
    ):
        with pytest.raises(ChannelAuthExpired):
            ask()

    renewed = connect(key=f" {shop.renew_key()}\r\n")
    assert renewed.read_stock([MUG]).units == {MUG: 50}


def test_a_function_ticked_off_is_named(channel: Channel, shop: Shop, clock: FakeClock) -> None:
    shop.deny("order.searchOrder")

    with pytest.raises(ChannelAuthExpired, match=r"tick the function rpay\.order\.searchOrder"):
        today(channel, clock)


def test_maintenance_is_waited_for(
    channel: Channel, rakuten: Rakuten, clock: FakeClock, shop: Shop
) -> None:
    rakuten.knobs.maintenance = [Window(clock(), clock() + timedelta(hours=1))]

    with pytest.raises(ChannelUnavailable) as raised:
        channel.push_stock([put(MUG, -1)])

    assert raised.value.maybe_done is True
    with pytest.raises(ChannelUnavailable):
        today(channel, clock)
