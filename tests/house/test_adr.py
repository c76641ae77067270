"""Every decision is recorded in full, listed, and every dependency has its reason."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
ADRS = sorted((ROOT / "docs/adr").glob("[0-9][0-9][0-9][0-9]-*.md"))
HEADINGS = ["Context", "Decision", "Consequences", "Alternatives", "How it is checked"]
INDEX = ROOT / "docs/adr/README.md"


def sections(text: str) -> dict[str, str]:
    """Heading and body of each second-level section."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
    return {title: body.strip() for title, body in zip(parts[::2], parts[1::2], strict=True)}


def direct_dependencies() -> set[str]:
    """The names in pyproject.toml, of the package and of its groups."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = [entry for group in project["dependency-groups"].values() for entry in group]
    lines = [*project["project"]["dependencies"], *(g for g in groups if isinstance(g, str))]
    return {Requirement(line).name for line in lines}


@pytest.mark.parametrize("adr", ADRS, ids=lambda p: p.stem)
def test_an_adr_has_its_number_and_five_sections_with_content(adr: Path) -> None:
    text = adr.read_text(encoding="utf-8")
    found = sections(text)

    assert text.startswith(f"# {adr.name[:4]} ")
    assert list(found) == HEADINGS
    assert [title for title, body in found.items() if not body] == []


def test_the_index_lists_each_adr_once_and_nothing_else() -> None:
    listed = re.findall(r"\]\((\d{4}-[a-z0-9-]+\.md)\)", INDEX.read_text(encoding="utf-8"))

    assert sorted(listed) == [adr.name for adr in ADRS]


def test_each_number_is_used_once() -> None:
    numbers = [adr.name[:4] for adr in ADRS]

    assert len(set(numbers)) == len(numbers) >= 2


def test_every_dependency_has_a_reason_and_no_reason_is_left_over() -> None:
    text = (ROOT / "docs/adr/0002-dependencies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w-]+)` \|([^|]+)\|([^|]+)\|$", text, flags=re.MULTILINE)

    assert {name for name, _, _ in rows} == direct_dependencies()
    assert [name for name, why, instead in rows if not (why.strip() and instead.strip())] == []
