"""Importing in tests: files from text, previews and confirmations done in this process."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.access.model import Accepted, Actor, Asked, Refusal
from onhand.imports.commands.asking import AskAnswer, Workers, ask_preview, confirm
from onhand.imports.commands.files import keep_file
from onhand.imports.commands.work import work_on
from onhand.imports.commands.working import Pace, Stop, Workshop
from onhand.imports.model.choices import Choices
from onhand.imports.model.plan import Terms
from onhand.imports.model.wishes import Wish
from onhand.imports.queries.changes import ChangeFilter, ChangeView, Shown, list_changes
from onhand.imports.queries.imports import ImportView, read_import
from onhand.stock.tables import stock_level
from tests.shop import Shop

BUYER = Actor("mei", "api", "192.0.2.1")


@dataclass
class Told:
    """Hears how far an import is; `at` is called each time, and may end the process."""

    at: Callable[[int], None] = lambda done: None
    stop: Stop | None = None
    heard: list[int] = field(default_factory=list)

    def advance(self, done: int, total: int | None) -> None:
        """Remember it."""
        self.heard.append(done)
        self.at(done)

    def wants_stop(self) -> Stop | None:
        """As it was told."""
        return self.stop


class Importer:
    """Imports into a shop, in the name of one person."""

    def __init__(self, shop: Shop, holder: str = "test", pace: Pace | None = None) -> None:
        """Works by itself, under `holder`."""
        self.shop = shop
        self.database = shop.database
        self.holder = holder
        self.workshop = Workshop(shop.database, shop.ledger, shop.clock, holder, pace or Pace())
        self.most_rows = 500_000

    def asked(self, key: str | None = None) -> Asked:
        """By whom and when."""
        return Asked(BUYER, self.shop.clock(), key)

    @property
    def workers(self) -> Workers:
        """Nobody but us."""
        return Workers(self.most_rows, holder=self.holder)

    def keep(self, content: str | bytes) -> str:
        """Keep a file; its id."""
        data = content.encode() if isinstance(content, str) else content
        kept = keep_file(self.database, io.BytesIO(data), by="mei", now=self.shop.clock())
        assert kept.size_bytes == len(data)
        return kept.file_id

    def ask(
        self,
        content: str | bytes,
        terms: Terms | None = None,
        choices: Choices | None = None,
        *,
        name: str = "stock.csv",
        again: bool = False,
    ) -> AskAnswer | Refusal:
        """Ask for a preview; nobody has worked on it yet."""
        wish = Wish(self.keep(content), name, terms or Terms(), choices or Choices(), again)
        return answer(ask_preview(self.database, self.asked(), wish, self.workers))

    def preview(self, content: str | bytes, terms: Terms | None = None, **more: Any) -> ImportView:
        """What a file would change."""
        asked = self.ask(content, terms, **more)
        assert isinstance(asked, AskAnswer), asked
        work_on(self.workshop, Told(), asked.import_id)
        return self.view(asked.import_id)

    def ask_confirm(self, import_id: str, *, leave_out_moved: bool = False) -> AskAnswer | Refusal:
        """Confirm; nobody has worked on it yet."""
        return answer(
            confirm(
                self.database,
                self.asked(),
                import_id,
                self.workers,
                leave_out_moved=leave_out_moved,
            )
        )

    def confirm(self, import_id: str, *, leave_out_moved: bool = False) -> ImportView:
        """Confirm and bring in."""
        asked = self.ask_confirm(import_id, leave_out_moved=leave_out_moved)
        assert isinstance(asked, AskAnswer), asked
        work_on(self.workshop, Told(), import_id)
        return self.view(import_id)

    def bring_in(self, content: str | bytes, terms: Terms | None = None) -> ImportView:
        """Preview and confirm."""
        return self.confirm(self.preview(content, terms).import_id)

    def view(self, import_id: str) -> ImportView:
        """The import as it is."""
        with self.database.read() as connection:
            found = read_import(connection, import_id)
        assert found is not None
        return found

    def changes(self, import_id: str, shown: Shown = Shown.ALL) -> dict[str, ChangeView]:
        """What it would change, by SKU."""
        with self.database.read() as connection:
            found = list_changes(connection, import_id, ChangeFilter(shown, limit=100_000))
        return {change.sku: change for change in found}

    def on_hand(self, location: str = "main") -> Mapping[str, int]:
        """What is on hand at a location, by SKU."""
        level = stock_level.c
        with self.database.read() as connection:
            rows = connection.execute(
                sa.select(level.sku_id, level.on_hand).where(level.location_id == location)
            )
            return {row.sku_id: row.on_hand for row in rows}


def answer(result: Accepted | Refusal) -> AskAnswer | Refusal:
    """The answer, read."""
    if isinstance(result, Refusal):
        return result
    return msgspec.json.decode(result.answer, type=AskAnswer)


def table(*rows: tuple[object, ...], header: str = "sku,quantity") -> str:
    """A small CSV."""
    return "\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n"
