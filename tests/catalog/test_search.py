"""SKUs are found by any part of code, name or alias, on both databases alike (C1, ADR 0019)."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import product

import pytest
import sqlalchemy as sa

from onhand.access.model import Accepted, Actor, Asked
from onhand.catalog.commands import add_alias, create_skus, remove_alias, update_sku
from onhand.catalog.commands.search import rebuild_search
from onhand.catalog.model import NewAlias, NewSku, SkuChange
from onhand.catalog.model.skus import fold
from onhand.catalog.queries import SkuFilter, SkuSort, list_skus
from onhand.db.database import Database
from onhand.stock.model.commands import ResetSku
from tests.shop import START, FakeClock, Shop

MEI = Actor("mei")
WORDS = (
    *("Mug", "mug ", "Canvas tote", "帆布トート", "ﾏｸﾞｶｯﾌﾟ", "マグカップ", "急須", "急", "洗衣机"),
    *("海尔", "Straße", "É", "İ", "“quoted”", '"', "'", "\\", "%_", "a", "aaaa", "(a OR b)", "*"),
    *("NEAR", "-", "＠", "𠮷野", "🍵", "ab:cd", "{}", "&", "|", "!", "  "),
)


@dataclass
class Shelf:
    """What a plain list of SKUs would say."""

    shop: Shop
    skus: dict[str, tuple[str, list[str]]] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        """Where they are."""
        return self.shop.database

    def find(self, search: str) -> list[str]:
        """The codes that a look at every text finds."""
        needle = fold(search.strip())
        return sorted(
            code
            for code, (name, aliases) in self.skus.items()
            if any(needle in fold(text) for text in (code, name, *aliases))
        )

    def add(self, code: str, name: str, *aliases: str) -> None:
        new = NewSku(code, name=name, aliases=aliases)
        assert isinstance(
            create_skus(self.database, Asked(MEI, self.shop.clock()), [new]), Accepted
        )
        self.skus[code.lower()] = (name, list(aliases))

    def check(self, search: str) -> None:
        """Every page in every order together is what the list says."""
        for sort in SkuSort:
            found = sorted(pages(self.database, SkuFilter(search=search, sort=sort, limit=4)))
            assert found == self.find(search), (search, sort)


def pages(database: Database, wanted: SkuFilter) -> Iterator[str]:
    """The codes of a whole list, page by page."""
    while True:
        with database.read() as connection:
            page = list_skus(connection, wanted)
        yield from (view.sku for view in page.skus)
        if page.cursor is None:
            return
        wanted = replace(wanted, after=page.cursor)


@pytest.fixture
def shelf(shop: Shop) -> Shelf:
    """Thirty SKUs of odd words, some with aliases."""
    made = Shelf(shop)
    dice = random.Random(5)
    for number in range(30):
        name = " ".join(dice.sample(WORDS, dice.randint(0, 3)))
        aliases = [f"Al-{number}-{dice.choice(WORDS).strip() or 'x'}"] * dice.randint(0, 1)
        made.add(f"S{number}-{dice.choice(WORDS).strip() or 'y'}", name, *aliases)
    return made


def needles(shelf: Shelf, *, seed: int, count: int) -> list[str]:
    """Parts of texts that are there, of one to eight marks, and some that are not."""
    dice = random.Random(seed)
    texts = [text for code, (name, more) in shelf.skus.items() for text in (code, name, *more)]
    parts = ["none of these", "zz", "ж", "\n", "é"]
    for _ in range(count):
        text = dice.choice([text for text in texts if text])
        start = dice.randrange(len(text))
        parts.append(text[start : start + dice.randint(1, 8)])
    return [dice.choice([part, part.upper(), part.lower()]) for part in parts]


def test_every_part_of_every_text_is_found(shelf: Shelf) -> None:
    for search in needles(shelf, seed=1, count=30):
        if "\n" not in search.strip():
            shelf.check(search)


def test_what_changes_is_found_as_it_is_now(shelf: Shelf, clock: FakeClock) -> None:
    first, second, third = list(shelf.skus)[:3]
    database = shelf.database
    update_sku(database, Asked(MEI, clock.advance(1)), SkuChange(first, name="新しい名前 Neu"))
    shelf.skus[first] = ("新しい名前 Neu", shelf.skus[first][1])
    add_alias(database, Asked(MEI, clock.advance(1)), NewAlias(second, "Other-4900"))
    shelf.skus[second][1].append("Other-4900")
    shelf.shop.do(ResetSku(third))
    del shelf.skus[third]
    for search in ("新しい", "neu", "い名", "4900", "other-", "900", third, first, "s"):
        shelf.check(search)

    remove_alias(database, Asked(MEI, clock.advance(1)), NewAlias(second, "OTHER-4900"))
    shelf.skus[second][1].remove("Other-4900")
    update_sku(database, Asked(MEI, clock.advance(1)), SkuChange(first, name=""))
    shelf.skus[first] = ("", shelf.skus[first][1])
    shelf.add(third.upper(), "back again", "once-more")
    for search in ("新しい", "4900", "back", "ck ag", "e-mo", third, "s"):
        shelf.check(search)


def test_a_refused_command_leaves_no_trace(shelf: Shelf) -> None:
    taken = next(iter(shelf.skus))
    new = [NewSku("fresh-one", name="never kept"), NewSku(taken)]
    assert not isinstance(create_skus(shelf.database, Asked(MEI, START), new), Accepted)
    shelf.check("never kept")
    shelf.check("fresh")


def test_other_writers_are_followed_too(shelf: Shelf) -> None:
    code = next(iter(shelf.skus))
    with shelf.database.begin() as connection:
        connection.execute(
            sa.text("UPDATE sku SET search_text = :text WHERE sku_id = :code"),
            {"text": f"{code}\nby hand", "code": code},
        )
    shelf.skus[code] = ("by hand", [])
    shelf.check("by ha")
    shelf.check("nd")


def test_rebuilding_mends_texts_and_index(shelf: Shelf) -> None:
    code = next(iter(shelf.skus))
    assert rebuild_search(shelf.database) == 0
    before = trigrams(shelf.database)
    with shelf.database.begin() as connection:
        connection.execute(
            sa.text("UPDATE sku SET search_text = 'wrong' WHERE sku_id = :code"), {"code": code}
        )
        if shelf.database.dialect == "sqlite":
            connection.exec_driver_sql("INSERT INTO sku_search (sku_search) VALUES ('delete-all')")

    assert rebuild_search(shelf.database) == 1
    assert trigrams(shelf.database) == before
    for search in needles(shelf, seed=2, count=10):
        if "\n" not in search.strip():
            shelf.check(search)


def test_what_commands_keep_is_what_rebuilding_makes(shelf: Shelf, clock: FakeClock) -> None:
    """The index holds nothing of what was, and lacks nothing of what is."""
    for number, code in enumerate(list(shelf.skus)[:12]):
        change = SkuChange(code, name=f"renamed {WORDS[number]}")
        update_sku(shelf.database, Asked(MEI, clock.advance(1)), change)
        add_alias(shelf.database, Asked(MEI, clock()), NewAlias(code, f"more-{number}"))
    shelf.shop.do(ResetSku(list(shelf.skus)[3]))
    kept = trigrams(shelf.database)
    rebuild_search(shelf.database)
    assert trigrams(shelf.database) == kept


def trigrams(database: Database) -> set[tuple[str, str]]:
    """What the index of SQLite holds: trigram and SKU. PostgreSQL keeps its own."""
    if database.dialect != "sqlite":
        return set()
    with database.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT term, sku_id FROM sku_search_trigram "
            "JOIN sku_search_number ON number = doc JOIN sku USING (sku_id)"
        )
        return {(term, sku_id) for term, sku_id in rows}


@pytest.mark.slow
def test_many_that_are_alike_and_few_at_the_end(database: Database) -> None:
    """More than are walked through, more than are taken from the index."""
    moment = datetime.fromisoformat("2026-11-22T00:00:00+00:00")
    codes = [f"{'a' if number < 2_200 else 'z'}-{number:05}" for number in range(8_000)]
    for start in range(0, len(codes), 1000):
        some = [NewSku(code, name=f"n {code[::-1]}") for code in codes[start : start + 1000]]
        assert isinstance(create_skus(database, Asked(MEI, moment), some), Accepted)
    for search, sort in product(("z-", "z", "-0799", "0"), SkuSort):
        wanted = SkuFilter(search=search, sort=sort, limit=1000)
        expected = [code for code in codes if search in code or search in f"n {code[::-1]}"]
        assert sorted(pages(database, wanted)) == expected
