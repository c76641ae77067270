"""docs/reference/files.md names every reason, fault, refusal, alias and kind of evidence."""

import re
from pathlib import Path

import pytest

from onhand.access.model import Refusal
from onhand.imports.model import refusals
from onhand.imports.model.choices import SkuFrom
from onhand.imports.model.columns import ALIASES
from onhand.imports.model.facts import EvidenceCode, Layout
from onhand.imports.model.rows import Fault, SkipReason

PAGE = (Path(__file__).parents[3] / "docs/reference/files.md").read_text(encoding="utf-8")
REFUSALS = [
    one.code
    for one in vars(refusals).values()
    if isinstance(one, type) and issubclass(one, Refusal) and one is not Refusal
]


def first_column(heading: str) -> list[str]:
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("Evidence", list(EvidenceCode)),
        ("Columns", list(ALIASES)),
        ("Rakuten's downloads", [*Layout, *SkuFrom]),
        ("Rows that are skipped", list(SkipReason)),
        ("Rows that are bad", list(Fault)),
        ("Files that are refused", REFUSALS),
    ],
)
def test_page_names_all_there_are(heading: str, names: list[str]) -> None:
    assert sorted(first_column(heading)) == sorted(names)


def test_page_lists_the_aliases_in_their_order() -> None:
    for role, names in ALIASES.items():
        assert f"| `{role}` | {', '.join(names)} |" in PAGE
