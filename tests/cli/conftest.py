"""The command line in process: what it is told, what it says, how it ends."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from onhand.cli.main import main
from onhand.db.database import Database

# Settings of the person who runs the tests must not reach them.
SETTINGS = ("DATABASE_URL", "TEST_DATABASE_URL", "HOST", "PORT", "LOG_LEVEL", "LOG_FORMAT")


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> Any:
        """Its one JSON document."""
        return json.loads(self.out)


Run = Callable[..., Done]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own, and no settings but that."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "home"
    monkeypatch.setenv("ONHAND_HOME", str(folder))
    return folder


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """`run("stock", "show", "a")` as the shell would, with stdin that is no terminal."""

    def run_command(*arguments: str) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Done(ended.value.code, said.out, said.err)

    return run_command


def address(database: Database) -> str:
    """A test database as it is named on the command line."""
    url = database.url.render_as_string(hide_password=False)
    return url if database.schema is None else f"{url}?schema={database.schema}"


@pytest.fixture
def place(database: Database) -> str:
    """The address of an empty migrated database, once on each dialect."""
    return address(database)


@pytest.fixture
def on(run: Run, place: str) -> Run:
    """Like `run`, on that database."""
    return lambda *arguments: run(*arguments, "--database", place)
