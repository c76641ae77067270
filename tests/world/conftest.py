"""Worlds on both databases: small ones, for each takes some seconds."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from onhand.cli.worlds import silence

_numbers = count(1)


@pytest.fixture(autouse=True, scope="session")
def _silence() -> None:
    """What goes wrong in a world is meant to."""
    silence()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'world.db'}"
        return
    server: str = request.getfixturevalue("postgres_url")
    name = f"world_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield f"{server.rpartition('/')[0]}/{name}"
        drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
        connection.execute(drop)
