"""Reports are what an independent count over the exported events says (S15)."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from onhand.stock.model.commands import Line, Reserve
from onhand.stock.model.events import Event
from onhand.stock.queries.export import export_events
from onhand.stock.queries.reports import (
    NAMES,
    Period,
    Report,
    Wanted,
    period_of,
    read_report,
    read_totals,
)
from tests.shop import START, FakeClock, Shop, cart
from tests.stock.lively import PLACES, live
from tests.stock.recount import table

DAY = timedelta(days=1)
ZONES = ("UTC", "Asia/Tokyo", "America/New_York", "Asia/Kathmandu")


@dataclass
class Books:
    """The shop's events, and which of its SKUs are registered in which life."""

    shop: Shop
    events: list[Event]
    lives: dict[str, int]

    def visible(self, since: datetime, until: datetime) -> list[Event]:
        """What happened in a period to what is still there."""
        return [
            event
            for event in self.events
            if self.lives.get(event.sku_id) == event.generation
            and event.kind != "sku_reset"
            and since <= datetime.fromisoformat(event.happened_at) < until
        ]

    def report(self, name: str, period: Period, limit: int = 1000) -> Report:
        with self.shop.database.snapshot() as connection:
            return read_report(connection, name, Wanted(period, self.shop.clock(), limit))


@pytest.fixture
def books(shop: Shop, clock: FakeClock) -> Books:
    """The books of a lively shop."""
    live(shop, clock, seed=11, asks=500)
    with shop.database.read() as connection:
        events = list(export_events(connection))
    lives = {
        row["sku_id"]: row["generation"]
        for row in table(shop.database, "ledger_head")
        if row["registered"]
    }
    assert {event.generation for event in events} > {1}
    assert len(lives) < 12
    return Books(shop, events, lives)


def periods(now: datetime) -> Iterable[Period]:
    """Periods of many lengths, by days of several zones; the last until now."""
    dice = random.Random(3)
    for zone in ZONES:
        since = START - DAY + timedelta(hours=dice.uniform(0, 500))
        until = min(since + timedelta(hours=dice.uniform(1, 400)), now)
        yield Period(since, until, ZoneInfo(zone))
        yield Period(since, now, ZoneInfo(zone))


def sold(events: Iterable[Event], kind: str) -> Counter[str]:
    """Units shipped or returned by SKU."""
    units: Counter[str] = Counter()
    for event in events:
        if event.kind == kind:
            units[event.sku_id] += abs(event.on_hand_change)
    return units


def on_hand(books: Books, until: datetime) -> Counter[tuple[str, str]]:
    """Units by SKU and location just before a moment."""
    units: Counter[tuple[str, str]] = Counter()
    for event in books.visible(datetime.min.replace(tzinfo=UTC), until):
        units[event.sku_id, event.location_id] += event.on_hand_change
    return units


def check_movements(books: Books) -> None:
    for period in periods(books.shop.clock()):
        expected: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        for event in books.visible(period.begins, period.until):
            at = datetime.fromisoformat(event.happened_at).astimezone(period.zone)
            sums = expected[at.date().isoformat(), event.kind]
            sums[0] += 1
            sums[1] += event.on_hand_change
            sums[2] += event.reserved_change
        report = books.report("movements", period)
        found = {(row["day"], row["kind"]): list(row.values())[2:] for row in report.rows}
        assert found == expected
        days = [str(row["day"]) for row in report.rows]
        assert days == sorted(days)
        sums = [sum(values) for values in zip(*expected.values(), strict=True)] or [0, 0, 0]
        assert list(report.totals.values()) == sums


def check_units(books: Books) -> None:
    now = books.shop.clock()
    levels = table(books.shop.database, "stock_level")
    for period in periods(now):
        report = books.report("units", period)
        for row in report.rows:
            place = str(row["location"])
            for name, moment in (("opening_on_hand", period.begins), ("on_hand", period.until)):
                units = on_hand(books, moment)
                assert row[name] == sum(n for (_, at), n in units.items() if at == place)
            held = [level["reserved"] for level in levels if level["location_id"] == place]
            if period.until >= now:
                lapsed = sum(hold["units_held"] for hold in ended(books) if at_place(hold, place))
                assert row["reserved"] == sum(held) - lapsed
                assert row["available"] == int(row["on_hand"] or 0) - sum(held) + lapsed
            else:
                assert row["reserved"] is row["available"] is None
        assert {row["location"] for row in report.rows} == set(PLACES)
        assert report.totals["on_hand"] == sum(int(row["on_hand"] or 0) for row in report.rows)


def ended(books: Books) -> list[Mapping[str, Any]]:
    """Holds whose end has come and that nobody has swept."""
    now = books.shop.clock()
    return [
        row
        for row in table(books.shop.database, "reservation")
        if row["units_held"] and row["expires_at"] is not None and moment(row["expires_at"]) <= now
    ]


def at_place(hold: Mapping[str, Any], place: str) -> bool:
    return bool(hold["location_id"] == place)


def moment(value: Any) -> datetime:
    """A stored moment, text on SQLite."""
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    assert isinstance(found, datetime)
    return found


def check_top_movers(books: Books) -> None:
    for period in periods(books.shop.clock()):
        during = books.visible(period.begins, period.until)
        before = books.visible(period.begins - period.span, period.begins)
        shipped, returned = sold(during, "shipped"), sold(during, "returned")
        earlier = sold(before, "shipped") - Counter()
        earlier.subtract(sold(before, "returned"))
        report = books.report("top_movers", period)
        rows = {row["sku"]: row for row in report.rows}
        assert rows.keys() == shipped.keys() | returned.keys()
        for sku, row in rows.items():
            net = shipped[str(sku)] - returned[str(sku)]
            assert (row["shipped"], row["returned"], row["net"]) == (
                shipped[str(sku)],
                returned[str(sku)],
                net,
            )
            assert row["previous_net"] == earlier[str(sku)]
            assert row["change"] == net - earlier[str(sku)]
        nets = [(-int(row["net"] or 0), row["sku"]) for row in report.rows]
        assert nets == sorted(nets)
        assert report.totals["shipped"] == shipped.total()
        assert report.totals["returned"] == returned.total()
        assert report.totals["previous_net"] == earlier.total()


def check_turnover(books: Books) -> None:
    for period in periods(books.shop.clock()):
        during = books.visible(period.begins, period.until)
        net = sold(during, "shipped") - Counter()
        net.subtract(sold(during, "returned"))
        opening, closing = on_hand(books, period.begins), on_hand(books, period.until)
        report = books.report("turnover", period)
        assert {row["sku"] for row in report.rows} == {str(sku) for sku in net}
        for row in (*report.rows, report.totals):
            skus = {row["sku"]} if "sku" in row else set(books.lives)
            begins = sum(units for (sku, _), units in opening.items() if sku in skus)
            ends = sum(units for (sku, _), units in closing.items() if sku in skus)
            units = sum(net[str(sku)] for sku in skus)
            assert (row["opening_on_hand"], row["closing_on_hand"]) == (begins, ends)
            assert row["net_shipped"] == units
            average = (begins + ends) / 2
            assert row["average_on_hand"] == average
            assert row["turnover"] == (round(units / average, 3) if average > 0 else None)
            days = period.span / DAY
            left = round(ends * days / units, 1) if units > 0 else None
            assert row["days_of_stock"] == left


def check_slow_stock(books: Books) -> None:
    created = {
        row["sku_id"]: moment(row["created_at"]) for row in table(books.shop.database, "sku")
    }
    now_on_hand: Counter[str] = Counter()
    for (sku, _), units in on_hand(books, datetime.max.replace(tzinfo=UTC)).items():
        now_on_hand[sku] += units
    states = set()
    for period in periods(books.shop.clock()):
        during = books.visible(period.begins, period.until)
        net = sold(during, "shipped") - Counter()
        net.subtract(sold(during, "returned"))
        expected = {}
        for sku in books.lives:
            if now_on_hand[sku] <= 0:
                continue
            if net[sku] <= 0:
                if created[sku] < period.begins:
                    expected[sku] = "dead"
            elif now_on_hand[sku] * (period.span / DAY) / net[sku] > 180:
                expected[sku] = "slow"
        report = books.report("slow_stock", period)
        assert {row["sku"]: row["state"] for row in report.rows} == expected
        assert [row["on_hand"] for row in report.rows] == sorted(
            (now_on_hand[sku] for sku in expected), reverse=True
        )
        for state in ("dead", "slow"):
            skus = [sku for sku, found in expected.items() if found == state]
            assert report.totals[f"{state}_skus"] == len(skus)
            assert report.totals[f"{state}_units"] == sum(now_on_hand[sku] for sku in skus)
        shipped = {
            row["sku"]: row["last_shipped_at"] for row in report.rows if row["last_shipped_at"]
        }
        for code, last in shipped.items():
            mine = [e for e in books.events if e.sku_id == code and e.kind == "shipped"]
            assert moment(last) == moment(mine[-1].happened_at)
        states |= set(expected.values())
    assert states == {"dead", "slow"}


def check_count_accuracy(books: Books) -> None:
    sheets = {
        row["count_id"]: moment(row["closed_at"])
        for row in table(books.shop.database, "count_sheet")
        if row["state"] == "closed"
    }
    lines = [row for row in table(books.shop.database, "count_line") if row["counted_at"]]
    assert len(sheets) > 3
    for period in periods(books.shop.clock()):
        chosen = {sheet for sheet, at in sheets.items() if period.begins <= at < period.until}
        report = books.report("count_accuracy", period)
        assert {row["count"] for row in report.rows} == chosen
        for row in (*report.rows, report.totals):
            mine = [
                (line["counted_units"], line["expected_units"])
                for line in lines
                if line["count_id"] in ({row["count"]} if "count" in row else chosen)
            ]
            exact = sum(counted == expected for counted, expected in mine)
            off = sum(abs(counted - expected) for counted, expected in mine)
            expected_units = sum(expected for _, expected in mine)
            assert (row["lines"], row["exact_lines"]) == (len(mine), exact)
            assert int(row["surplus"] or 0) + int(row["missing"] or 0) == off
            assert row["counted"] == sum(counted for counted, _ in mine)
            assert row["line_accuracy"] == (round(exact / len(mine), 4) if mine else None)
            right = max(0, expected_units - off)
            accuracy = round(right / expected_units, 4) if expected_units > 0 else None
            assert row["unit_accuracy"] == accuracy


def check_holds_by_age(books: Books) -> None:
    shop, clock = books.shop, books.shop.clock
    sku = next(iter(books.lives))
    for number, wait in enumerate((40 * DAY, 8 * DAY, 2 * DAY, DAY / 2, DAY / 48)):
        free = clock() + 365 * DAY
        shop.receive(sku, 2)
        shop.do(Reserve(cart(f"long-{number}"), "ann", (Line(sku, 2),), expires_at=free))
        clock.advance(wait.total_seconds())
    now = clock()
    limits = (timedelta(hours=1), DAY, 7 * DAY, 30 * DAY)
    groups = ("under_1_hour", "under_1_day", "under_7_days", "under_30_days", "30_days_or_more")
    expected: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for hold in table(shop.database, "reservation"):
        if not hold["units_held"] or (hold["expires_at"] and moment(hold["expires_at"]) <= now):
            continue
        age = now - moment(hold["created_at"])
        group = groups[sum(age >= limit for limit in limits)]
        sums = expected[group, hold["reference_type"]]
        sums[0] += 1
        sums[1] += hold["units_held"]
    period = period_of("holds_by_age", None, None, zone="UTC", now=now)
    report = books.report("holds_by_age", period)
    found = {
        (row["age"], row["reference_type"]): [row["holds"], row["units"]] for row in report.rows
    }
    assert found == expected
    assert {age for age, _ in expected} == set(groups)
    assert report.totals["units"] == sum(units for _, units in expected.values())


def check_totals(books: Books) -> None:
    shop = books.shop
    shop.do(Reserve(cart("soon"), "ann", tuple(Line(sku, 1) for sku in list(books.lives)[:2])))
    for _ in range(2):  # before and after these holds have ended; nobody sweeps
        units = on_hand(books, datetime.max.replace(tzinfo=UTC))
        heads = {row["sku_id"]: row for row in table(shop.database, "ledger_head")}
        lapsed = Counter[str]()
        for hold in ended(books):
            lapsed[hold["sku_id"]] += hold["units_held"]
        left = {
            sku: sum(n for (code, _), n in units.items() if code == sku)
            - heads[sku]["reserved"]
            + lapsed[sku]
            for sku in books.lives
        }
        with shop.database.snapshot() as connection:
            totals = read_totals(connection, now=shop.clock())
        assert totals.skus == len(books.lives)
        assert totals.on_hand == units.total()
        assert totals.available == sum(left.values())
        assert totals.reserved == totals.on_hand - totals.available
        assert totals.out == sum(n <= 0 for n in left.values())
        assert totals.oversold == sum(n < 0 for n in left.values())
        assert totals.low == sum(n <= heads[sku]["low_stock_threshold"] for sku, n in left.items())
        shop.clock.advance(3600)


def test_every_report_is_what_a_recount_says(books: Books) -> None:
    check_movements(books)
    check_units(books)
    check_top_movers(books)
    check_turnover(books)
    check_slow_stock(books)
    check_count_accuracy(books)
    check_totals(books)
    check_holds_by_age(books)
    check_that_totals_are_not_cut(books)


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_shop_has_empty_reports(shop: Shop, name: str) -> None:
    period = period_of(name, None, None, zone="Asia/Tokyo", now=shop.clock())
    with shop.database.snapshot() as connection:
        report = read_report(connection, name, Wanted(period, shop.clock()))
    assert (list(report.rows), report.more, report.name) == ([], False, name)


def check_that_totals_are_not_cut(books: Books) -> None:
    now = books.shop.clock()
    period = period_of("top_movers", START - DAY, now, zone="UTC", now=now)
    whole, cut = books.report("top_movers", period), books.report("top_movers", period, limit=2)
    assert (cut.rows, cut.more) == (whole.rows[:2], True)
    assert (cut.totals, whole.more) == (whole.totals, False)


def test_days_follow_the_clocks_of_the_zone() -> None:
    begins, ends = datetime(2026, 10, 31, 4, tzinfo=UTC), datetime(2026, 11, 3, 12, tzinfo=UTC)
    days = Period(begins, ends, ZoneInfo("America/New_York")).days()
    assert [(day.until - day.since) / timedelta(hours=1) for day in days] == [24, 25, 24, 7]
    assert [day.date.day for day in days] == [31, 1, 2, 3]
    assert (days[0].since, days[-1].until) == (begins, ends)


@pytest.mark.parametrize(
    ("since", "until", "zone"),
    [
        (START, START, "UTC"),
        (START + DAY, START - DAY, "UTC"),
        (START + DAY, None, "UTC"),
        (None, None, "Asia"),
        (None, None, "../etc/passwd"),
        (None, None, ""),
    ],
)
def test_what_is_no_period_is_refused(
    since: datetime | None, until: datetime | None, zone: str
) -> None:
    with pytest.raises(ValueError, match=r"since must come|is no time zone"):
        period_of("units", since, until, zone=zone, now=START)


def test_a_report_by_day_has_its_limit(shop: Shop, clock: FakeClock) -> None:
    period = period_of("movements", clock() - 401 * DAY, None, zone="UTC", now=clock())
    with (
        shop.database.snapshot() as connection,
        pytest.raises(ValueError, match="at most 400 days"),
    ):
        read_report(connection, "movements", Wanted(period, clock()))
