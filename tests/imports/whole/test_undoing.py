"""Taking an import back, also after some of it was sold."""

import msgspec

from onhand.access.model import Accepted
from onhand.catalog.queries import read_skus
from onhand.imports.commands.asking import AskAnswer
from onhand.imports.commands.undoing import reference_of, undo_group, undo_import
from onhand.imports.commands.work import work_on
from onhand.imports.commands.working import Pace, Stop
from onhand.imports.model.plan import StockMode, Terms
from onhand.imports.model.states import ImportState
from onhand.imports.model.wishes import ImportNotReady
from onhand.stock.commands.answers import UndoAnswer
from onhand.stock.commands.undo import GroupUndo
from onhand.stock.model.commands import UndoHow
from onhand.stock.model.refusals import UndoBreaks
from tests.imports.importing import Importer, Told, table
from tests.shop import Shop, deduct, order, reserve

REPLACE = Terms(stock=StockMode.REPLACE)
ADD = Terms(stock=StockMode.ADD)
FILE = table(("a", 8, "急須"), ("b", 2, ""), ("new", 5, ""), header="sku,quantity,name")


def take_back(importer: Importer, import_id: str, how: UndoHow) -> object:
    """The undo's answer, or its refusal."""
    result = undo_import(importer.shop.ledger, importer.asked(), import_id, how)
    if isinstance(result, Accepted):
        return msgspec.json.decode(result.answer, type=UndoAnswer)
    return result


def test_stock_comes_back_and_names_stay(shop: Shop, importer: Importer) -> None:
    shop.register(a=5, b=40)
    done = importer.bring_in(FILE, REPLACE)

    undone = take_back(importer, done.import_id, UndoHow.ALL_OR_NOTHING)

    assert isinstance(undone, UndoAnswer)
    assert (undone.skus, undone.left_out) == (3, [])
    assert importer.on_hand() == {"a": 5, "b": 40, "new": 0}
    with shop.database.read() as connection:
        assert read_skus(connection, ["a"])[0].name == "急須"
    view = importer.view(done.import_id)
    assert (view.state, view.undone_by) == (ImportState.UNDONE, "mei")
    assert take_back(importer, done.import_id, UndoHow.ALL_OR_NOTHING) == undone


def test_after_a_sale_all_or_nothing_refuses_and_the_possible_is_done(
    shop: Shop, importer: Importer
) -> None:
    shop.register(a=5, b=40)
    done = importer.bring_in(FILE, ADD)
    shop.do(reserve(order(), new=4))
    shop.do(deduct(order()))

    refused = take_back(importer, done.import_id, UndoHow.ALL_OR_NOTHING)
    assert isinstance(refused, UndoBreaks)
    assert [broken.sku for broken in refused.breaks] == ["new"]
    assert importer.view(done.import_id).state is ImportState.APPLIED

    undone = take_back(importer, done.import_id, UndoHow.WHAT_IS_POSSIBLE)
    assert isinstance(undone, UndoAnswer)
    assert [broken.sku for broken in undone.left_out] == ["new"]
    assert importer.on_hand() == {"a": 5, "b": 40, "new": 1}


def test_a_file_that_was_taken_back_may_come_again(shop: Shop, importer: Importer) -> None:
    shop.register(a=5, b=40)
    first = importer.bring_in(FILE, ADD)
    take_back(importer, first.import_id, UndoHow.ALL_OR_NOTHING)

    second = importer.preview(FILE, ADD)

    assert second.import_id != first.import_id
    importer.confirm(second.import_id)
    assert importer.on_hand() == {"a": 13, "b": 42, "new": 5}


def test_taken_back_as_any_group_it_is_undone_at_once(shop: Shop, importer: Importer) -> None:
    shop.register(a=5, b=40)
    first = importer.bring_in(FILE, ADD)

    assert isinstance(take_back_group(importer, first.import_id), Accepted)

    assert importer.on_hand() == {"a": 5, "b": 40, "new": 0}
    view = importer.view(first.import_id)
    assert (view.state, view.undone_by) == (ImportState.UNDONE, "mei")
    second = importer.ask(FILE, ADD)
    assert isinstance(second, AskAnswer)
    assert not second.is_repeat


def test_while_it_is_brought_in_no_door_takes_it_back(shop: Shop) -> None:
    importer = Importer(shop, pace=Pace(skus=1))
    shop.register(a=5, b=40)
    seen = importer.preview(FILE, ADD)
    importer.ask_confirm(seen.import_id)
    work_on(importer.workshop, StopAfterOne(), seen.import_id)

    refused = take_back_group(importer, seen.import_id)

    assert refused == ImportNotReady(seen.import_id, "confirmed")
    assert importer.on_hand() == {"a": 13, "b": 40}


class StopAfterOne(Told):
    """Stops where something was done."""

    def wants_stop(self) -> Stop | None:
        """After the first transaction."""
        return Stop.LATER if len(self.heard) > 1 else None


def take_back_group(importer: Importer, import_id: str) -> object:
    """Take it back as a group of events, as `onhand stock undo` does."""
    ask = GroupUndo(reference_of(import_id), UndoHow.ALL_OR_NOTHING)
    return undo_group(importer.shop.ledger, importer.asked(), ask)


def test_what_was_only_previewed_cannot_be_taken_back(importer: Importer) -> None:
    seen = importer.preview(FILE, REPLACE)

    refused = take_back(importer, seen.import_id, UndoHow.ALL_OR_NOTHING)

    assert refused == ImportNotReady(seen.import_id, "previewed")
