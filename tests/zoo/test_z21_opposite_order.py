"""Z21: two carts with the same SKUs in opposite order: no deadlock."""

import sqlalchemy as sa

from onhand.db.database import Database
from onhand.stock.commands import Accepted
from onhand.stock.model.commands import Command, Line, Reserve
from tests.crew import SIZE, Crew
from tests.shop import TILL, Shop, Units, cart, release
from tests.stock.recount import assert_sound

CODES = tuple(f"sku-{number}" for number in range(8))
ROUNDS = 12


def deadlocks(database: Database) -> int:
    """Deadlocks PostgreSQL has seen in this database; SQLite's one writer has none."""
    if database.dialect == "sqlite":
        return 0
    with database.begin() as connection:
        connection.execute(sa.text("SELECT pg_stat_force_next_flush()"))
        seen = connection.execute(
            sa.text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        )
        return int(seen.scalar_one())


def test_z21_carts_there_and_back(shop: Shop, crew: Crew) -> None:
    shop.register(*CODES)
    for code in CODES:
        shop.receive(code, SIZE * ROUNDS)
    before = deadlocks(shop.database)
    shares = []
    for worker in range(SIZE):
        codes = CODES if worker % 2 else CODES[::-1]
        take = Reserve(cart(worker), "ann", tuple(Line(code, 1) for code in codes))
        shares.append([Command(TILL, take)] * ROUNDS)
    results = crew.run(shop.database, shares)
    assert all(isinstance(result, Accepted) for share in results for result in share)
    assert {shop.units(code) for code in CODES} == {Units(SIZE * ROUNDS, SIZE * ROUNDS)}
    assert deadlocks(shop.database) == before
    assert_sound(shop.database)


def test_z21_batches_there_and_back_with_releases_by_reference(shop: Shop, crew: Crew) -> None:
    """A release names no SKU: what it locks is found by its reference."""
    shop.register(*CODES)
    for code in CODES:
        shop.receive(code, SIZE * ROUNDS)
    before = deadlocks(shop.database)
    shares = []
    for worker in range(SIZE):
        codes = CODES if worker % 2 else CODES[::-1]
        take = Reserve(cart(worker), "ann", tuple(Line(code, 1) for code in codes))
        shares.append([Command(TILL, take), Command(TILL, release(cart(worker)))] * (ROUNDS // 2))
    results = crew.run(shop.database, shares)
    assert all(isinstance(result, Accepted) for share in results for result in share)
    assert {shop.units(code) for code in CODES} == {Units(SIZE * ROUNDS, 0)}
    assert deadlocks(shop.database) == before
    assert_sound(shop.database)
