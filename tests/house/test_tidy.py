"""tools/tidy.py finds what it must find, and leaves the rest alone."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools import tidy_rules
from tools.tidy import check_project

ROOM = "src/onhand/stock/levels.py"
# Put together here, so that this file does not offend against the rules it tests.
BROAD = "Exception"
LATER = "TO" + "DO"
OWN_FOLDER = "/" + "home/somebody/onhand"
HOST = "pypi" + ".org"


@dataclass(frozen=True)
class Case:
    """A line or file that breaks one rule, and its nearest neighbour that does not."""

    rule: str
    bad: str
    good: str
    bad_path: str = ROOM
    good_path: str = ROOM


def function(lines: int) -> str:
    """The source of a function of that many lines."""
    return "def _f() -> None:\n" + "    pass\n" * (lines - 1)


def catching(what: str, comment: str = "") -> str:
    """The source of a try block with that except clause."""
    return f"try:\n    pass\nexcept{what}:{comment}\n    raise\n"


BOUNDARY = "  # tidy: boundary"
CASES = [
    Case("function-lines", function(61), function(60)),
    Case("file-lines", "x = 1\n" * 401, "x = 1\n" * 400),
    Case("line-characters", f'x = "{"a" * 95}"\n', f'x = "{"倉" * 94}"\n'),
    Case("line-characters", f"x = 1  # {'a' * 95}\n", f"x = 1  # noqa: S608 - {'a' * 95}\n"),
    Case("parameters", "def _f(a, b, c, d, e, *, f): ...\n", "def _f(a, b, c, d, *, e): ...\n"),
    Case(
        "parameters",
        "class _C:\n    @staticmethod\n    def f(a, b, c, d, e, f): ...\n",
        "class _C:\n    def f(self, a, b, c, d, e): ...\n",
    ),
    Case(
        "keyword-only",
        "def _f(a: int, b: int, c: int): ...\n",
        "def _f(a: int, b: int, *, c: int): ...\n",
    ),
    Case(
        "parameters",
        "def _f(a, b, c, d, e, f):  # tidy: override\n    ...\n",
        "def _f(a, b, c, d, e, f):  # tidy: override - the base class calls it so\n    ...\n",
    ),
    Case("name", "", "", "src/onhand/stock/utils.py", "src/onhand/stock/utilisation.py"),
    Case("name", "", "", "src/onhand/stock_service/model.py", "src/onhand/stock/scores.py"),
    Case("name", "class _StockManager: ...\n", "class _ManagedStock: ...\n"),
    Case("mock", "from unittest import mock\n", "from unittest import TestCase\n"),
    Case("mock", "import unittest.mock\n", "import unittest\n"),
    Case(
        "mock",
        "def test_x(monkeypatch): monkeypatch.setattr(a, 'b', 1)\n",
        "def test_x(monkeypatch): monkeypatch.setenv('PORT', '1')\n",
        "tests/test_x.py",
        "tests/test_x.py",
    ),
    Case("mock", "def test_x(mocker): ...\n", "def _f(clock): ...\n", "tests/test_x.py"),
    Case("commit", "c.commit()\n", "c.commit()\n", ROOM, "src/onhand/stock/commands/take.py"),
    Case(
        "commit", "c.commit()\n", "c.commit()\n", "src/onhand/web/db.py", "src/onhand/db/sqlite.py"
    ),
    Case("catch-all", catching(""), catching(" ValueError")),
    Case("catch-all", catching(f" {BROAD}"), catching(" (KeyError, ValueError)")),
    Case(
        "catch-all",
        catching(f" (Base{BROAD}, ValueError)", BOUNDARY),
        catching(f" Base{BROAD}", f"{BOUNDARY}: the caller's future gets it"),
    ),
    Case("catch-all", f"with suppress({BROAD}): ...\n", "with suppress(KeyError): ...\n"),
    Case("unfinished", f"# {LATER} later\n", f"{LATER}NE = 1\n"),
    Case("unfinished", f"target: # {LATER}\n", f"{LATER}\n", "Makefile", "docs/notes.md"),
    Case("skip", "import pytest\npytest.skip('x')\n", "import pytest\npytest.fail('x')\n"),
    Case(
        "skip", "@pytest.mark.skipif(True)\ndef _t(): ...\n", "@pytest.mark.slow\ndef _t(): ...\n"
    ),
    Case("skip", "@pytest.mark.xfail\ndef _t(): ...\n", "queue.skip()\n"),
    Case("skip", "from pytest import importorskip\n", "from pytest import raises\n"),
    Case("type-ignore", "x = 1  # type: ignore\n", "x = 1  # type: ignore[assignment]\n"),
    Case("settings", "import os\nx = os.environ['A']\n", "import os\nx = os.getpid()\n"),
    Case("settings", "from os import getenv\n", "from os import getenv\n", ROOM, "tools/x.py"),
    Case("settings", "o = Option(envvar='PORT')\n", "o = Option(help='PORT')\n"),
    Case(
        "settings",
        "import os\nos.getenv('A')\n",
        "import os\nos.getenv('A')\n",
        ROOM,
        "src/onhand/bootstrap/settings.py",
    ),
    Case("clock", "x = datetime.now(UTC)\n", "x = datetime.fromisoformat('2026-01-01')\n"),
    Case("clock", "import datetime\nx = datetime.datetime.now\n", "x = time.monotonic()\n"),
    Case("clock", "from time import time\n", "from time import sleep\n"),
    Case("clock", "x = time.time()\n", "x = time.time()\n", ROOM, "src/onhand/bootstrap/clock.py"),
    Case("docstring", "def f(): ...\n", "def _f(): ...\n"),
    Case("docstring", "class C: ...\n", 'class C:\n    """What it is."""\n'),
    Case("docstring", "async def f(): ...\n", "def f(): ...\n", ROOM, "tests/x.py"),
    Case(
        "model-imports",
        "import sqlalchemy\n",
        "import decimal\n",
        "src/onhand/stock/model.py",
        "src/onhand/stock/model.py",
    ),
    Case(
        "model-imports",
        "from onhand.db.errors import X\n",
        "from onhand.catalog.model import X\n",
        "src/onhand/stock/model/fold.py",
        "src/onhand/stock/model/fold.py",
    ),
    Case(
        "model-imports",
        "from ..tables import x\n",
        "from .events import x\n",
        "src/onhand/stock/model/fold.py",
        "src/onhand/stock/model/fold.py",
    ),
    Case("machine-path", f"cd {OWN_FOLDER}\n", "cd src/home/onhand\n", "docs/a.md", "docs/a.md"),
    Case("machine-path", f"x = '{OWN_FOLDER}'\n", "x = 'https://example.test/home/a'\n"),
    Case(
        "registry",
        f"files.{HOST}/simple\n",
        "pyproject.toml\n",
        "requirements.lock",
        "requirements.lock",
    ),
    Case("registry", "--find" + "-links wheels\n", "--no-emit-index-url\n", ".ci/run", ".ci/run"),
]


def project(root: Path, files: dict[str, str]) -> Path:
    """A project of these files that tolerates nothing."""
    for name, text in {"tools/tidy_allowed.json": "{}", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.rule}-{CASES.index(c)}")
def test_each_rule_fires_on_the_bad_sample_alone(case: Case, tmp_path: Path) -> None:
    bad = check_project(project(tmp_path / "bad", {case.bad_path: case.bad}))
    good = check_project(project(tmp_path / "good", {case.good_path: case.good}))

    assert bad
    assert all(line.startswith(f"{case.bad_path}:") for line in bad)
    assert {line.rpartition(" ")[2] for line in bad} == {f"[{case.rule}]"}
    assert good == []


def test_the_line_of_the_offence_is_named(tmp_path: Path) -> None:
    root = project(tmp_path, {ROOM: '"""Levels."""\n\nx = 1  # type: ignore\n'})

    assert check_project(root) == [f"{ROOM}:3: name the code: `ignore[code]` [type-ignore]"]


def test_caches_and_environments_are_not_read(tmp_path: Path) -> None:
    unread = [".venv/lib/x.py", "src/onhand/__pycache__/x.py", "benchmarks/results/x.json"]
    root = project(tmp_path, dict.fromkeys(unread, f"x = 1  # {LATER}\n"))

    assert check_project(root) == []


def allow(root: Path, size: int) -> None:
    """Tolerate a function `_f` of that many lines."""
    allowed = {"function-lines": {f"{ROOM}::_f": size}}
    (root / "tools/tidy_allowed.json").write_text(json.dumps(allowed), encoding="utf-8")


def test_an_old_offender_is_tolerated_at_its_size(tmp_path: Path) -> None:
    root = project(tmp_path, {ROOM: function(70)})
    allow(root, 70)

    assert check_project(root) == []


def test_an_old_offender_may_not_grow(tmp_path: Path) -> None:
    root = project(tmp_path, {ROOM: function(71)})
    allow(root, 70)

    assert check_project(root) == [f"{ROOM}:1: _f has 71 lines, at most 60 [function-lines]"]


def test_a_new_offender_beside_an_old_one_is_found(tmp_path: Path) -> None:
    root = project(tmp_path, {ROOM: function(70) + function(61).replace("_f", "_g")})
    allow(root, 70)

    assert check_project(root) == [f"{ROOM}:71: _g has 61 lines, at most 60 [function-lines]"]


@pytest.mark.parametrize(("lines", "advice"), [(65, "lower it to 65"), (60, "remove it")])
def test_an_entry_that_tolerates_too_much_is_stale(lines: int, advice: str, tmp_path: Path) -> None:
    root = project(tmp_path, {ROOM: function(lines)})
    allow(root, 70)

    assert check_project(root) == [
        f"tools/tidy_allowed.json:1: function-lines of {ROOM}::_f allows 70: {advice} [stale]"
    ]


def test_every_rule_has_a_sample_that_makes_it_fire() -> None:
    rules = Path(tidy_rules.__file__).read_text(encoding="utf-8")
    named = set(re.findall(r'source\.(?:finding|sized)\(\s*"([a-z-]+)"', rules))

    assert named == {case.rule for case in CASES}
