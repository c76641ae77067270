"""An import stays with who works on it, also while nothing is written of it."""

from onhand.imports.commands.asking import AskAnswer
from onhand.imports.commands.work import work_on
from onhand.imports.commands.working import HOLD, Pace
from onhand.imports.model.states import ImportState
from tests.imports.importing import Importer, Told
from tests.imports.reading.workbooks import workbook
from tests.shop import Shop

BOOK = workbook({"stock": [("sku", "quantity"), ("a", 5)]})


def test_hold_outlasts_the_opening_of_a_workbook(shop: Shop) -> None:
    first, second = (Importer(shop, holder, Pace(renew_s=0.001)) for holder in ("first", "second"))
    asked = first.ask(BOOK, name="stock.xlsx")
    assert isinstance(asked, AskAnswer)
    import_id = asked.import_id
    opening = []  # what the second worker gets between two renewals, nearly a hold apart

    def at_commit(when: str) -> None:
        if when == "after" and first.view(import_id).facts is None:
            shop.clock.advance(HOLD.total_seconds() - 1)
            opening.append(second.workshop.take(Told()))

    shop.database.at_commit = at_commit
    work_on(first.workshop, Told(), import_id)
    shop.database.at_commit = None

    taken_and_cleared = 2
    assert len(opening) > taken_and_cleared
    assert not any(opening)
    assert first.view(import_id).state is ImportState.PREVIEWED
