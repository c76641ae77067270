"""An order is taken in whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from onhand.channels.port import OrderState
from onhand.db.database import Database
from onhand.db.metadata import metadata
from tests.orders.market import Market, line, order

_DEATH = {
    "sqlite": "CREATE TRIGGER death BEFORE {verb} ON {table} "
    "BEGIN SELECT RAISE(ABORT, 'dies here'); END",
    "postgresql": "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'dies here'; END $$; "
    "CREATE TRIGGER death BEFORE {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION die()",
}
_LIFE = {
    "sqlite": "DROP TRIGGER death",
    "postgresql": "DROP FUNCTION die() CASCADE",
}
_INSERTED = (
    *("order_line", "order_stock", "order_sold", "order_sight", "order_message", "desk_entry"),
    *("stock_event", "audit_entry"),
)
_UPDATED = ("listing_push", "ledger_head", "stock_level")


@contextmanager
def death(database: Database, verb: str, table: str) -> Iterator[None]:
    """Whoever writes this table dies."""
    make = _DEATH[database.dialect].format(verb=verb, table=table)
    with database.engine.begin() as connection:
        connection.exec_driver_sql(make)
    try:
        yield
    finally:
        with database.engine.begin() as connection:
            connection.exec_driver_sql(_LIFE[database.dialect])


def everything(database: Database) -> dict[str, list[str]]:
    """Every row of every table."""
    with database.read() as connection:
        return {
            name: sorted(repr(tuple(row)) for row in connection.execute(sa.select(table)))
            for name, table in metadata.tables.items()
        }


@pytest.mark.parametrize(
    ("state", "verb", "table"),
    [
        (OrderState.PLACED, "INSERT", "channel_order"),
        (OrderState.PLACED, "INSERT", "reservation"),
        *((OrderState.PLACED, "INSERT", table) for table in _INSERTED),
        *((OrderState.PLACED, "UPDATE", table) for table in _UPDATED),
        (OrderState.CANCELLED, "UPDATE", "channel_order"),
        (OrderState.CANCELLED, "UPDATE", "reservation"),
        (OrderState.CANCELLED, "DELETE", "order_line"),
        *((OrderState.CANCELLED, "INSERT", table) for table in _INSERTED),
        *((OrderState.CANCELLED, "UPDATE", table) for table in _UPDATED),
    ],
)
def test_a_fault_anywhere_leaves_nothing_half(
    market: Market, state: OrderState, verb: str, table: str
) -> None:
    market.shop.register(tote=1)
    market.offer("tote", "tote")
    if state is OrderState.CANCELLED:
        market.take(order(line("tote", 2)))
    sight = order(line("tote", 2), state=state, read_s=61)
    untouched = everything(market.database)
    with death(market.database, verb, table):
        with pytest.raises(sa.exc.DBAPIError, match="dies here"):
            market.take(sight)
        assert everything(market.database) == untouched
    assert market.take(sight).changed
