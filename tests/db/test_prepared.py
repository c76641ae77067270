"""Statements that the ledger's connections prepare by themselves (PostgreSQL)."""

import pytest
import sqlalchemy as sa

from onhand.db.database import Database
from onhand.db.driver import execute


def test_values_of_every_kind_go_there_and_back(postgres_database: Database) -> None:
    with postgres_database.begin_ledger() as connection:
        rows = execute(connection, "SELECT %s::text, %s::int + 1, %s::text", ["在庫's", 41, None])
        assert rows == [("在庫's", 42, None)]
        assert connection.execute(sa.text("SELECT 1")).scalar() == 1  # in the same transaction


def test_after_a_failure_the_same_statements_run_again(postgres_database: Database) -> None:
    ask = "SELECT 6 / %s::int"
    for divisor, answer in ((2, 3), (3, 2)):
        with pytest.raises(sa.exc.DataError), postgres_database.begin_ledger() as connection:
            execute(connection, ask, [0])
        with postgres_database.begin_ledger() as connection:
            assert execute(connection, ask, [divisor]) == [(answer,)]


def test_more_statements_than_a_connection_keeps(postgres_database: Database) -> None:
    for _ in range(2):
        with postgres_database.begin_ledger() as connection:
            for number in range(205):
                assert execute(connection, f"SELECT {number}", []) == [(number,)]
