"""The audit trail as a page: plain words for what was done, one line for each value it changed."""

import ast
import typing
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

import onhand
from onhand.access.model import Role
from onhand.access.queries import AuditView
from onhand.stock.model.commands import Ask
from onhand.web.console.pages.audit_changes import changes_of
from onhand.web.console.pages.audit_words import ACTIONS
from tests.shop import FakeClock
from tests.web.client import Api
from tests.web.console.client import Console
from tests.web.console.conftest import AsRole

SOURCES = sorted(Path(onhand.__file__).parent.rglob("*.py"))
# Whatever names the action of an audit entry.
MAKERS = {"Write", "_Wish", "_Step", "_record"}


def named(tree: ast.AST) -> Iterator[str]:
    """The actions a source file names."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=maker), args=[ast.Constant(value=str(name)), *_]):
                if maker in MAKERS:
                    yield name
            case ast.keyword(arg="action", value=ast.Constant(value=str(name))):
                yield name
            case ast.Assign(targets=[ast.Name(id="action")], value=ast.Constant(value=str(name))):
                yield name


def test_every_command_has_words_and_only_commands_do() -> None:
    written = {name for file in SOURCES for name in named(ast.parse(file.read_text()))}
    written |= {ask.__name__ for ask in typing.get_args(Ask)}
    said = [action for group in ACTIONS.values() for action in group]

    assert sorted(said) == sorted(written)


def entry(before: Any, after: Any) -> AuditView:
    """An entry of something that was so and is so now."""

    def raw(value: Any) -> msgspec.Raw | None:
        return None if value is None else msgspec.Raw(msgspec.json.encode(value))

    return AuditView(
        command_id="c",
        recorded_at=datetime(2026, 3, 1, tzinfo=UTC),
        actor="admin",
        origin=None,
        source="api",
        action="UpdateSku",
        subject="a",
        idempotency_key=None,
        before=raw(before),
        after=raw(after),
        answer=msgspec.Raw(b"{}"),
    )


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        (None, None, []),
        ({"name": "a", "version": 1}, {"name": "a", "version": 2}, []),
        ({"aliases": ["x"]}, {"aliases": ["x", "y"]}, [("", "aliases", "x", "x, y")]),
        ({"settings": {"n": 1}}, {"settings": {"n": 2}}, [("", "n", 1, 2)]),
        (
            {"store": "t", "name": "T", "keys": False},
            {"credentials": "changed", "store": {"store": "t", "name": "T", "keys": True}},
            [("", "credentials", None, "changed"), ("", "keys", False, True)],
        ),
        (
            {"levels": [{"sku": "a", "location": "main", "on_hand": 1, "reserved": 0}]},
            {"levels": [{"sku": "a", "location": "main", "on_hand": 3, "reserved": 0}]},
            [("a · main", "on_hand", 1, 3)],
        ),
        ({"rows": [{"n": 1}, {"n": 2}]}, None, [("1", "n", 1, None), ("2", "n", 2, None)]),
        (
            {"name": "a", "role": {"name": "b"}},
            None,
            [("", "name", "a", None), ("role", "name", "b", None)],
        ),
    ],
)
def test_what_differs_is_listed(before: Any, after: Any, changed: list[Any]) -> None:
    found = [(c.about, c.field, c.before, c.after) for c in changes_of(entry(before, after))]

    assert found == changed


def test_entries_are_read_found_and_told_in_the_readers_language(
    console: Console, shop: Api, as_role: AsRole, clock: FakeClock
) -> None:
    clock.advance(1)
    shop.patch("/skus/ce1111", {"name": "白い急須"})
    page = console.get("/audit?action=UpdateSku")
    assert page.count('<td class="head') == 1
    assert ">Changed a SKU</a>" in page
    assert "丸い急須 → <strong>白い急須</strong>" in page
    assert '<option value="UpdateSku" selected>' in page
    for language, word in (("ja", "SKU の変更"), ("zh", "更改 SKU")):
        reader = as_role(Role.OPERATOR, language=language)
        assert f">{word}</a>" in reader.get("/audit?action=UpdateSku")
    assert "Nothing was recorded" in console.get("/audit?action=Unknown")
