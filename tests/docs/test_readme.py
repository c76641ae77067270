"""The commands of the README and the how-to pages, run word for word against a real server."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.cli.serving import ONHAND, serving, surroundings
from tests.databases import free_port

ROOT = Path(__file__).parents[2]
# How many promises each page makes at least: a promise that is no longer found checks nothing.
PAGES = {
    "README.md": 18,
    "docs/howto/checkout.md": 6,
    "docs/howto/export.md": 3,
    "docs/howto/people.md": 3,
    "docs/howto/rakuten.md": 3,
    "docs/howto/tokens.md": 3,
    "docs/howto/verify.md": 2,
}
STARTED_BY_HAND = ["make run", "make test"]
WRITTEN = "127.0.0.1:8000"
SHOPS_WRITTEN = "127.0.0.1:8100"
MARK = "=== command ended with"


@dataclass
class Step:
    """A command and the pieces that must come back, in this order."""

    command: str
    pieces: list[str] = field(default_factory=list)


def steps(page: str) -> list[Step]:
    """Every line of a page's shell blocks; a line `# a…b` promises a and later b."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found: list[Step] = []
    for block in re.findall(r"^```sh\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            if line.startswith("# "):
                found[-1].pieces += [piece for piece in line[2:].split("…") if piece.strip()]
            elif line:
                found.append(Step(re.sub(r" +# .*", "", line)))
    return [step for step in found if step.command not in STARTED_BY_HAND]


def test_make_starts_and_tests_what_the_readme_says() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert [line for line in STARTED_BY_HAND if f"\n{line} " in readme] == STARTED_BY_HAND
    assert re.search(r"^run: .*\n\t.*/onhand serve$", makefile, re.MULTILINE)
    assert re.search(r"^test: .*\n\t.*pytest", makefile, re.MULTILINE)
    assert "PORT ?= 8000" in makefile
    assert "ONHAND_HOME ?= $(CURDIR)/.onhand" in makefile


@dataclass(frozen=True)
class Place:
    """A folder like the checkout's, in which Onhand runs as `make run` starts it."""

    folder: Path
    host: str
    shops: str


@contextmanager
def opened(folder: Path) -> Iterator[Place]:
    """A place of its own; the ports alone are others: 8000 and 8100 may be taken here."""
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/onhand").symlink_to(ONHAND)
    (folder / "data").symlink_to(ROOT / "data")
    shops = str(free_port())
    home = str(folder / ".onhand")
    with serving(folder, ONHAND_HOME=home, RUN_JOBS="true", SIMULATOR_PORT=shops) as server:
        yield Place(folder, server.url.removeprefix("http://"), f"127.0.0.1:{shops}")


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Where one how-to page after the other is read."""
    with opened(tmp_path_factory.mktemp("used")) as place:
        yield place


@pytest.mark.slow
def test_every_line_of_the_readme_does_what_it_says(tmp_path: Path) -> None:
    with opened(tmp_path) as place:
        follow("README.md", place)


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if page != "README.md"])
def test_every_line_of_a_how_to_page_does_what_it_says(page: str, used: Place) -> None:
    follow(page, used)


def follow(page: str, place: Place) -> None:
    """Run every line of a page and compare what came back with what was promised."""
    todo = steps(page)
    lines = [f"{step.command}\nprintf '\\n{MARK} %s\\n' $?" for step in todo]
    done = subprocess.run(
        ["sh"],
        input="\n".join(lines).replace(WRITTEN, place.host).replace(SHOPS_WRITTEN, place.shops),
        cwd=place.folder,
        env=surroundings({}),
        capture_output=True,
        text=True,
        check=False,
    )

    parts = re.split(rf"\n{MARK} (\d+)\n", done.stdout)
    said, codes = parts[:-1:2], parts[1::2]
    assert codes == ["0"] * len(todo), done.stderr
    for step, output in zip(todo, said, strict=True):
        check(step, output)
    assert sum(bool(step.pieces) for step in todo) >= PAGES[page]


def check(step: Step, output: str) -> None:
    """Every promised piece came back, in the order promised."""
    place = 0
    for piece in step.pieces:
        found = output.find(piece, place)
        assert found >= 0, f"{step.command}\npromised {piece}\nnot in {output[place:][:400]}"
        place = found + len(piece)
