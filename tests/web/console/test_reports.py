"""Reports, exports and the audit trail as pages and files."""

import pytest

from onhand.access.model import Role
from onhand.bootstrap.environment import Environment
from onhand.stock.model.commands import Caller, Command, Line, Receive
from onhand.stock.queries.reports import NAMES
from tests.shop import FakeClock
from tests.web.client import Api
from tests.web.console.client import Console
from tests.web.console.conftest import AsRole


@pytest.fixture
def stocked(shop: Api, test: Environment, clock: FakeClock) -> None:
    """10 units of `ce1111`, and 3 more that `mika` received."""
    test.writes.submit(Command(Caller("mika"), Receive((Line("ce1111", 3),)))).result()
    clock.advance(1)


@pytest.mark.usefixtures("stocked")
def test_every_report_has_a_page_and_a_file(console: Console) -> None:
    assert console.send("GET", "/console/test/reports").headers["location"].endswith("/units")
    for name in NAMES:
        for query in ("", "?days=365", "?since=2020-01-01", "?since=2099-01-01&until=nothing"):
            console.get(f"/console/test/reports/{name}{query}")
        file = console.send("GET", f"/console/test/reports/{name}/export")
        assert file.content.startswith("\ufeff".encode())
    assert "+13" in console.get("/console/test/reports/units")
    console.get("/console/test/reports/nothing", expect=404)


@pytest.mark.usefixtures("stocked")
def test_the_audit_trail_is_searched_and_taken_out(console: Console) -> None:
    page = console.get("/console/test/audit?actor=mika&text=ce1111")
    assert "10 → <strong>13</strong>" in page
    assert "Nothing was recorded" in console.get("/console/test/audit?until=2001-01-01")
    assert "mika" in console.get("/console/test/audit?before=nonsense")
    file = console.send("GET", "/console/test/audit/export?actor=mika").text
    assert file.count("\r\n") == 2


@pytest.mark.usefixtures("stocked")
def test_exports_speak_the_readers_language(as_role: AsRole) -> None:
    console = as_role(Role.VIEWER, language="ja")
    file = console.send("GET", "/console/test/exports/levels?file=cp932&search=ce1")
    assert "現有在庫" in file.content.decode("cp932")
    assert "CE1111" in file.text
    for name in ("listings", "orders"):
        assert console.send("GET", f"/console/test/exports/{name}?file=xlsx").status_code == 200
    assert console.send("GET", "/console/test/exports/events").status_code == 403
    assert "イベント" not in console.get("/console/test/exports")
