"""The README's commands, run word for word against a server started as the README says."""

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.cli.serving import ONHAND, serving, surroundings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
WRITTEN = "127.0.0.1:8000"
MARK = "=== command ended with"


@dataclass
class Step:
    """A command and the pieces that must come back, in this order."""

    command: str
    pieces: list[str] = field(default_factory=list)


def steps() -> list[Step]:
    """Every line of the README's shell blocks; a line `# a…b` promises a and later b."""
    found: list[Step] = []
    for block in re.findall(r"^```sh\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            if line.startswith("# "):
                found[-1].pieces += [piece for piece in line[2:].split("…") if piece.strip()]
            elif line:
                found.append(Step(line))
    return found


def test_make_starts_and_tests_what_the_readme_says() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    made = [step.command.split("#")[0].strip() for step in steps()[:2]]

    assert made == ["make run", "make test"]
    assert re.search(r"^run: .*\n\t.*/onhand serve$", makefile, re.MULTILINE)
    assert re.search(r"^test: .*\n\t.*pytest", makefile, re.MULTILINE)
    assert "PORT ?= 8000" in makefile
    assert "ONHAND_HOME ?= $(CURDIR)/.onhand" in makefile


@pytest.mark.slow
def test_every_line_does_what_the_readme_says(tmp_path: Path) -> None:
    """The port alone is another: 8000 may be taken where this runs."""
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/onhand").symlink_to(ONHAND)
    (tmp_path / "data").symlink_to(ROOT / "data")
    todo = steps()[2:]
    with serving(tmp_path, ONHAND_HOME=str(tmp_path / ".onhand")) as server:
        host = server.url.removeprefix("http://")
        lines = [f"{step.command}\nprintf '\\n{MARK} %s\\n' $?" for step in todo]
        done = subprocess.run(
            ["sh"],
            input="\n".join(lines).replace(WRITTEN, host),
            cwd=tmp_path,
            env=surroundings({}),
            capture_output=True,
            text=True,
            check=False,
        )

    parts = re.split(rf"\n{MARK} (\d+)\n", done.stdout)
    said, codes = parts[:-1:2], parts[1::2]
    assert done.stderr == ""
    assert codes == ["0"] * len(todo)
    for step, output in zip(todo, said, strict=True):
        place = 0
        for piece in step.pieces:
            found = output.find(piece, place)
            assert found >= 0, f"{step.command}\npromised {piece}\nafter {output[:place][-80:]!r}"
            place = found + len(piece)
    assert sum(bool(step.pieces) for step in todo) >= 12
