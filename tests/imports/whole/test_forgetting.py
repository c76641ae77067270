"""Previews that nobody confirms are forgotten in time; what was brought in stays, with its file."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from onhand.imports.commands.asking import AskAnswer
from onhand.imports.commands.files import forget_left_over
from onhand.imports.commands.forgetting import forget_previews
from onhand.imports.model.states import ImportState
from onhand.imports.queries.files import file_size, read_pieces
from onhand.imports.queries.imports import read_import
from onhand.imports.tables import import_change, import_file_part
from tests.imports.importing import Importer, table
from tests.shop import Shop

DAY = timedelta(days=1)
MUCH_LATER = datetime(2100, 1, 1, tzinfo=UTC)


def test_only_what_was_never_confirmed_is_forgotten(shop: Shop, importer: Importer) -> None:
    shop.register(a=5)
    seen = importer.preview(table(("a", 1)))
    refused = importer.preview("no table at all")
    done = importer.bring_in(table(("a", 2)))
    asked_again = importer.preview(table(("a", 3)))
    waiting = importer.ask(table(("a", 4)))
    assert isinstance(waiting, AskAnswer)
    shop.clock.advance(31 * 86_400)
    importer.preview(table(("a", 3)))
    fresh = importer.preview(table(("a", 5)))
    now = shop.clock()

    assert forget_previews(importer.database, asked_before=now - 30 * DAY) == 2
    assert forget_previews(importer.database, asked_before=now - 30 * DAY) == 0
    forget_left_over(importer.database, now=MUCH_LATER)

    kept = {done.import_id, asked_again.import_id, waiting.import_id, fresh.import_id}
    with importer.database.read() as connection:
        for import_id in (seen.import_id, refused.import_id, *kept):
            found = read_import(connection, import_id)
            assert (found is not None) == (import_id in kept)
        assert file_size(connection, seen.file) is None
        assert b"".join(read_pieces(connection, done.file)) == table(("a", 2)).encode()
        parts = sa.select(sa.func.count()).select_from(import_file_part)
        assert connection.execute(parts).scalar() == len(kept)
        changes = sa.select(import_change.c.import_id).distinct()
        assert set(connection.execute(changes).scalars()) == kept - {waiting.import_id}


def test_a_forgotten_file_may_come_again(shop: Shop, importer: Importer) -> None:
    shop.register(a=5)
    importer.preview(table(("a", 1)))
    forget_previews(importer.database, asked_before=MUCH_LATER)
    forget_left_over(importer.database, now=MUCH_LATER)

    assert importer.bring_in(table(("a", 1))).state is ImportState.APPLIED
