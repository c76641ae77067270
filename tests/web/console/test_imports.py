"""Files that people give, page by page, without a browser."""

import pytest

from onhand.access.model import Role
from onhand.bootstrap.environment import Environment
from onhand.bootstrap.settings import Settings
from onhand.imports.commands.work import work_on
from onhand.imports.commands.working import Stop, Workshop
from onhand.stock.model.commands import Caller, Command, Line, Receive
from tests.imports.importing import table
from tests.shop import FakeClock, Shop
from tests.web.console.client import Console
from tests.web.console.conftest import AsRole

FILE = table(("a", 8), ("b", 0), ("", 3), ("c", -1), ("New-1", 30)).encode("cp932")


class _Quiet:
    def advance(self, done: int, total: int | None) -> None:
        """Nobody looks."""

    def wants_stop(self) -> Stop | None:
        """Never."""
        return None


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Files of at most 20,000 bytes."""
    return settings.model_copy(update={"import_max_bytes": 20_000})


@pytest.fixture
def workshop(test: Environment, clock: FakeClock) -> Workshop:
    """Who does what the pages ask for, with 5 units of `a` and `b` there."""
    shop = Shop(test.ledger, clock)
    shop.register("a", "b")
    shop.ask(Receive((Line("a", 5), Line("b", 5))))
    return Workshop(test.database, test.ledger, clock, "test")


def work(workshop: Workshop) -> None:
    """Whatever is asked for is done."""
    while work_on(workshop, _Quiet()) is not None:
        pass


def give(console: Console, content: bytes = FILE, *, expect: int = 303, **fields: str) -> str:
    """The address of the import of a file, or the page that refuses it."""
    answer = console.send(
        "POST",
        "/console/test/imports/new",
        data={"csrf": console.token, "key": fields.pop("key", "key-1"), **fields},
        files={"file": ("在庫①.csv", content, "text/csv")},
    )
    assert answer.status_code == expect, answer.text
    return answer.headers["location"] if expect == 303 else answer.text


def test_a_file_is_seen_brought_in_and_taken_back(console: Console, workshop: Workshop) -> None:
    page = give(console, stock="replace")
    assert "The file is being read" in console.get(page)
    work(workshop)
    seen = console.get(page)
    assert "在庫①.csv" in seen
    assert "Shift_JIS (CP932)" in seen or "UTF-8" in seen
    for text in ("Falls to 0", "The quantity is negative: 1", "Names no SKU: 1", "New-1"):
        assert text in seen

    console.follow(console.post(f"{page}/confirm", {"key": "key-2"}))
    work(workshop)
    assert "Brought in: 3" in console.get(page)

    before = console.get(f"{page}/undo")
    assert "Take back all of it" in before
    done = console.follow(console.post(f"{page}/undo", {"key": "key-3", "how": "all_or_nothing"}))
    assert "the stock of 3 SKUs is as if it had not happened" in done
    assert "Taken back" in done
    assert "There is nothing to take back" in console.get(f"{page}/undo")
    for action in ("PreviewImport", "ConfirmImport", "AskUndo"):
        assert action in console.get(f"/console/test/audit?action={action}&source=manual")


def test_what_moved_meanwhile_is_shown_and_taken_anew(
    console: Console, workshop: Workshop, test: Environment
) -> None:
    page = give(console, stock="replace")
    work(workshop)
    test.writes.submit(Command(Caller("mika"), Receive((Line("a", 1),)))).result()

    moved = console.post(f"{page}/confirm", {"key": "key-2"}, expect=409).text
    assert "Stock of 1 SKU has moved" in moved
    console.post(f"{page}/anew", {"key": "key-3"})
    work(workshop)
    assert "6 →" in console.get(page)
    console.post(f"{page}/confirm", {"key": "key-4"})
    work(workshop)
    assert "Brought in: 3" in console.get(page)


def test_another_way_of_reading_is_another_preview(console: Console, workshop: Workshop) -> None:
    page = give(console)
    work(workshop)
    fields = {"key": "key-2", "stock": "add", "column-name": "sku", "skip_no_sku": ""}
    other = console.post(f"{page}/otherwise", fields).headers["location"]
    work(workshop)
    assert other != page
    assert "Is added" in console.get(other)
    wrong = {"key": "key-3", "encoding": "\x07"}
    assert "This value cannot be used" in console.post(f"{page}/otherwise", wrong, expect=422).text


def test_files_that_cannot_be_taken_say_why(console: Console, workshop: Workshop) -> None:
    assert "Please choose a file" in console.post("/console/test/imports/new", {}, expect=422).text
    assert "larger" in give(console, b"sku,quantity\n" + b"x,1\n" * 9_000, expect=422)
    large = console.send(
        "POST", "/console/test/imports/new", data={"x": "y"}, files={"file": b"x" * 1_100_000}
    )
    assert large.status_code == 413
    page = give(console, b"%PDF-1.4 no table", key="key-9")
    work(workshop)
    refused = console.get(page)
    assert "Could not be read" in refused
    assert "Read or take it otherwise" in refused
    page = give(console, b"colour,price\nred,3\n", key="key-10")
    work(workshop)
    assert '<option value="colour">' in console.get(page)


def test_the_original_and_its_bad_rows_come_back(console: Console, workshop: Workshop) -> None:
    page = give(console)
    work(workshop)
    assert console.send("GET", f"{page}/file").content == FILE
    assert "negative_quantity" in console.send("GET", f"{page}/bad-rows").text
    assert console.send("GET", "/console/test/imports/nothing/file").status_code == 404


def test_the_list_is_narrowed_down(console: Console, workshop: Workshop) -> None:
    assert "No file was imported yet" in console.get("/console/test/imports")
    give(console)
    work(workshop)
    assert "在庫①.csv" in console.get("/console/test/imports?state=previewed")
    assert "No import matches" in console.get("/console/test/imports?state=undone")


def test_a_viewer_looks_and_is_offered_nothing(
    console: Console, workshop: Workshop, as_role: AsRole
) -> None:
    page = give(console)
    work(workshop)
    seen = as_role(Role.VIEWER).get(page)
    assert "New-1" in seen
    assert "Bring it in" not in seen
    assert "otherwise" not in seen
