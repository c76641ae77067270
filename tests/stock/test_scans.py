"""Counting one scanned code at a time: aliases, doubled scans, two phones, movements meanwhile."""

import threading
from concurrent.futures import ThreadPoolExecutor

import msgspec

from onhand.access.model import Accepted, Actor, Asked, Refusal
from onhand.stock.commands.counts import NewCount, close_count, open_count
from onhand.stock.commands.scans import Scan, ScanMode, scan
from onhand.stock.model.refusals import (
    CountEnded,
    CountMoved,
    CountNotFound,
    NotOnSheet,
    UnknownSku,
)
from onhand.stock.queries.counts import CountScanned, CountShow, read_count
from tests.shop import Shop, Units, cart, deduct, order, reserve
from tests.stock.recount import assert_sound, table

CLERK = Actor("clerk", "manual")


def opened(shop: Shop, *skus: str, blind: bool = False) -> str:
    """The id of a new sheet at `main`."""
    new = NewCount("spring", "main", skus, blind)
    result = open_count(shop.database, Asked(CLERK, shop.clock()), new)
    assert isinstance(result, Accepted), result
    count_id: str = msgspec.json.decode(result.answer)["id"]
    return count_id


def ask(shop: Shop, found: Scan, *, key: str | None = None) -> Accepted | Refusal:
    """What becomes of a scan."""
    return scan(shop.database, Asked(CLERK, shop.clock(), key), found)


def scanned(shop: Shop, found: Scan, *, key: str | None = None) -> CountScanned:
    """The answer to a scan that must be accepted."""
    result = ask(shop, found, key=key)
    assert isinstance(result, Accepted), result
    return msgspec.json.decode(result.answer, type=CountScanned)


def shown(shop: Shop, count_id: str, show: CountShow) -> list[str]:
    """The SKUs of some lines."""
    with shop.database.read() as connection:
        view = read_count(connection, count_id, show=show)
    assert view is not None
    return [line.sku for line in view.lines]


def test_scans_add_up_whatever_code_is_scanned(shop: Shop) -> None:
    shop.register(a=3, b=1)
    shop.add_alias("4901234567894", "a")
    count_id = opened(shop, "a", "b")
    scanned(shop, Scan(count_id, "a"))
    scanned(shop, Scan(count_id, "4901234567894"))
    shop.do(reserve(cart(), a=1))
    last = scanned(shop, Scan(count_id, "a", units=3))
    assert (last.line.sku, last.line.counted, last.line.difference) == ("a", 5, 2)
    assert (last.counted_lines, last.lines) == (1, 2)
    assert shown(shop, count_id, CountShow.UNCOUNTED) == ["b"]
    scanned(shop, Scan(count_id, "b", 1, ScanMode.SET))
    assert shown(shop, count_id, CountShow.COUNTED) == ["a", "b"]
    assert shown(shop, count_id, CountShow.DIFFERENCES) == ["a"]
    close_count(shop.ledger, Asked(CLERK, shop.clock()), count_id)
    assert (shop.units("a"), shop.units("b")) == (Units(5, 1), Units(1, 0))
    assert_sound(shop.database)


def test_a_scan_sent_twice_counts_once(shop: Shop) -> None:
    shop.register(a=3)
    count_id = opened(shop, "a")
    first = ask(shop, Scan(count_id, "a"), key="scan-1")
    scanned(shop, Scan(count_id, "a"), key="scan-2")
    again = ask(shop, Scan(count_id, "a"), key="scan-1")
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert (again.replayed, again.answer) == (True, first.answer)
    assert scanned(shop, Scan(count_id, "a")).line.counted == 3


def test_two_phones_lose_no_scan(shop: Shop) -> None:
    shop.register("new", a=3)
    count_id = opened(shop, "a")
    start = threading.Barrier(4)

    def run(phone: int) -> None:
        start.wait(30)
        for number in range(3):  # each is sent twice
            for _ in range(2):
                scanned(shop, Scan(count_id, "a"), key=f"{phone}-{number}")
        scanned(shop, Scan(count_id, "new", put_on_sheet=True))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(run, range(4), timeout=60))
    rows = {row["sku_id"]: row["counted_units"] for row in table(shop.database, "count_line")}
    assert rows == {"a": 12, "new": 4}


def test_a_figure_is_not_made_of_scans_around_a_movement(shop: Shop) -> None:
    shop.register(a=10)
    count_id = opened(shop, "a")
    scanned(shop, Scan(count_id, "a", units=4))
    shop.do(deduct(order(), a=1))
    assert ask(shop, Scan(count_id, "a")) == CountMoved(count_id, "a")
    anew = scanned(shop, Scan(count_id, "a", 1, ScanMode.SET))
    assert (anew.line.expected, anew.line.counted) == (9, 1)
    assert scanned(shop, Scan(count_id, "a", units=8)).line.difference == 0
    shop.do(deduct(order(2), a=2))
    close_count(shop.ledger, Asked(CLERK, shop.clock()), count_id)
    assert shop.units("a") == Units(7, 0)


def test_what_is_not_on_the_sheet_is_put_there_when_asked(shop: Shop) -> None:
    shop.register(a=1, b=2)
    count_id = opened(shop, "a")
    assert ask(shop, Scan(count_id, "b")) == NotOnSheet(count_id, "b")
    assert scanned(shop, Scan(count_id, "b", put_on_sheet=True)).lines == 2
    assert ask(shop, Scan(count_id, "ghost", put_on_sheet=True)) == UnknownSku(("ghost",))
    assert ask(shop, Scan("none", "a")) == CountNotFound("none")
    close_count(shop.ledger, Asked(CLERK, shop.clock()), count_id)
    assert ask(shop, Scan(count_id, "a")) == CountEnded(count_id, "closed")
    assert (shop.units("a"), shop.units("b")) == (Units(1, 0), Units(1, 0))


def test_a_blind_count_tells_nobody_what_is_expected(shop: Shop) -> None:
    shop.register(a=3, b=3)
    count_id = opened(shop, "a", "b", blind=True)
    line = scanned(shop, Scan(count_id, "a")).line
    assert (line.expected, line.counted, line.difference) == (None, 1, None)
    assert shown(shop, count_id, CountShow.DIFFERENCES) == []
    close_count(shop.ledger, Asked(CLERK, shop.clock()), count_id)
    assert shown(shop, count_id, CountShow.DIFFERENCES) == ["a"]
