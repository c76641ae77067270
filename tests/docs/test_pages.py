"""What the pages name exists, and what must be on a page is there."""

import re
from pathlib import Path

import pytest

from onhand.stock.model.events import Kind
from onhand.stock.queries.history import FOUR_WAY, EventView

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "data/README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one).strip().lower().replace(" ", "-") for one in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in LINK.findall(text):
        target, _, anchor = link.partition("#")
        if "://" in target:
            continue
        found = (page.parent / target).resolve() if target else page
        assert found.exists(), link
        assert not anchor or anchor in anchors(found), link


def test_every_page_is_reached_from_the_index() -> None:
    index = ROOT / "docs/README.md"
    linked = {
        (index.parent / link.partition("#")[0]).resolve()
        for link in LINK.findall(index.read_text())
    }
    pages = {page for page in PAGES if page.parent.name in {"howto", "reference", "explanation"}}

    assert pages - linked == set()


def test_every_kind_of_event_and_its_view_is_described() -> None:
    text = (ROOT / "docs/reference/events.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|.*\| ?(\w*) \|$", text, re.MULTILINE)
    views = {kind.value: view for view, kinds in FOUR_WAY.items() for kind in kinds}

    assert rows == [(kind.value, views.get(kind.value, "")) for kind in Kind]


def test_every_field_of_an_event_is_described() -> None:
    text = (ROOT / "docs/reference/events.md").read_text(encoding="utf-8")
    fields = text.split("## Fields")[1]
    described = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", fields, re.MULTILINE)))

    assert sorted(described) == sorted(EventView.__struct_fields__)
