"""Undo of groups that take several parts: crashes between them, all or nothing across them."""

import pytest

from onhand.access.model import Accepted
from onhand.stock.commands.undo import SKUS_AT_ONCE
from onhand.stock.model.refusals import UndoBreaks
from tests.shop import Shop, deduct, order
from tests.stock.recount import dump
from tests.stock.test_undo import ALL, FILE, POSSIBLE, ask_undo, preview, take_back, take_in


class Killed(Exception):
    """The process ends here."""


def big_file(shop: Shop, size: int) -> list[str]:
    """SKUs with two units each from the file."""
    codes = [f"s{number:05d}" for number in range(size)]
    shop.register(*codes)
    for at in range(0, size, 1000):
        take_in(shop, **dict.fromkeys(codes[at : at + 1000], 2))
    return codes


def test_after_a_crash_it_goes_on_where_it_ended(shop: Shop) -> None:
    codes = big_file(shop, 2 * SKUS_AT_ONCE + 10)
    shop.do(deduct(order(), **{codes[0]: 1}))
    commits: list[str] = []

    def die_after_two(stage: str) -> None:
        commits.append(stage)
        if commits.count("after") == 2:
            raise Killed

    shop.database.at_commit = die_after_two
    with pytest.raises(Killed):
        ask_undo(shop, FILE, POSSIBLE)
    shop.database.at_commit = None
    left = sum(shop.units(code).on_hand for code in codes)
    assert left == 2 * 10 + 1
    assert preview(shop, FILE).undone is None
    answer = take_back(shop, FILE, ALL)
    assert (answer.skus, answer.how) == (len(codes) - 1, POSSIBLE)
    assert [broken.sku for broken in answer.left_out] == [codes[0]]
    assert sum(shop.units(code).on_hand for code in codes) == 1


def test_all_or_nothing_holds_across_parts(shop: Shop) -> None:
    codes = big_file(shop, SKUS_AT_ONCE + 10)
    shop.do(deduct(order(), **{codes[-1]: 1, codes[0]: 1}))
    before = dump(shop.database)
    refusal = ask_undo(shop, FILE, key="k")
    assert isinstance(refusal, UndoBreaks)
    assert [broken.sku for broken in refusal.breaks] == [codes[0], codes[-1]]
    assert dump(shop.database) == before
    shop.receive(codes[0], 1)
    shop.receive(codes[-1], 1)
    assert take_back(shop, FILE).skus == len(codes)
    assert not any(shop.units(code).on_hand for code in codes)


@pytest.mark.slow
def test_five_thousand_skus_at_once(shop: Shop) -> None:
    codes = big_file(shop, 5000)
    seen = preview(shop, FILE)
    assert isinstance(ask_undo(shop, FILE, ALL), Accepted)
    assert (seen.skus, seen.units) == (5000, -10_000)
    assert not any(shop.units(code).on_hand for code in codes[::100])
