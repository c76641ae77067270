"""Aliases mean one SKU, wherever a code enters (C1)."""

import json

import pytest

from onhand.access.model import Accepted, Actor, Asked, Refusal
from onhand.catalog.commands import add_alias, create_skus, remove_alias
from onhand.catalog.model import (
    AliasNotFound,
    AliasTaken,
    InvalidSkuCode,
    NewAlias,
    NewSku,
    SkuNotFound,
)
from onhand.catalog.queries import read_sku
from onhand.db.database import Database
from onhand.stock.queries.levels import read_levels
from tests.shop import START, Shop, cart, reserve

MEI = Actor("mei")


@pytest.fixture
def known(database: Database) -> Database:
    """Two SKUs; `a` has the alias `also`."""
    create_skus(database, Asked(MEI, START), [NewSku("a", aliases=("Also",)), NewSku("b")])
    return database


def aliases(result: Accepted | Refusal) -> list[str]:
    """The aliases in a command's answer."""
    assert isinstance(result, Accepted), result
    found: list[str] = json.loads(result.answer)["aliases"]
    return found


def test_an_added_alias_means_the_sku_until_it_is_removed(known: Database) -> None:
    added = add_alias(known, Asked(MEI, START), NewAlias("B", " Second-Code "))
    assert aliases(added) == ["Second-Code"]
    with known.read() as connection:
        view = read_sku(connection, "second-code")
    assert view is not None
    assert view.sku == "b"

    assert aliases(remove_alias(known, Asked(MEI, START), NewAlias("b", "SECOND-code"))) == []
    with known.read() as connection:
        assert read_sku(connection, "second-code") is None


def test_an_alias_can_be_added_by_an_alias_and_twice(known: Database) -> None:
    for _ in range(2):
        added = add_alias(known, Asked(MEI, START), NewAlias("also", "third"))
        assert aliases(added) == ["Also", "third"]


@pytest.mark.parametrize(
    ("new", "refusal"),
    [
        (NewAlias("a", "B"), AliasTaken("b", "b")),
        (NewAlias("a", "A"), AliasTaken("a", "a")),
        (NewAlias("b", "ALSO"), AliasTaken("also", "a")),
        (NewAlias("nobody", "x"), SkuNotFound(("nobody",))),
        (NewAlias("a\0", "x"), SkuNotFound(("a\0",))),
        (NewAlias("a", " "), InvalidSkuCode("")),
        (NewAlias("a", "x\ud800"), InvalidSkuCode("x\ud800")),
    ],
)
def test_an_alias_that_cannot_be_given_is_refused(
    known: Database, new: NewAlias, refusal: Refusal
) -> None:
    assert add_alias(known, Asked(MEI, START), new) == refusal


@pytest.mark.parametrize(
    ("gone", "refusal"),
    [
        (NewAlias("b", "also"), AliasNotFound("also", "b")),
        (NewAlias("a", "a"), AliasNotFound("a", "a")),
        (NewAlias("a", "\0"), AliasNotFound("\0", "a")),
        (NewAlias("nobody", "also"), SkuNotFound(("nobody",))),
        (NewAlias("\0", "also"), SkuNotFound(("\0",))),
    ],
)
def test_only_an_alias_of_the_sku_can_be_removed(
    known: Database, gone: NewAlias, refusal: Refusal
) -> None:
    assert remove_alias(known, Asked(MEI, START), gone) == refusal


def test_stock_is_asked_and_read_by_alias(known: Database, shop: Shop) -> None:
    shop.receive("also", 10)
    shop.do(reserve(cart(), also=4))

    with known.read() as connection:
        levels = read_levels(connection, ["a", "ALSO", "b", "none"], now=START)

    assert {code: (view.sku, view.available) for code, view in levels.items()} == {
        "a": ("a", 6),
        "also": ("a", 6),
        "b": ("b", 0),
    }


def test_a_removed_alias_no_longer_reaches_the_stock(known: Database, shop: Shop) -> None:
    shop.receive("also", 10)
    remove_alias(known, Asked(MEI, START), NewAlias("a", "also"))

    assert shop.refuse(reserve(cart(), also=1)).code == "unknown_sku"
