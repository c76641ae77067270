"""`onhand report` and `onhand sku reindex`, on both databases."""

import sqlalchemy as sa

from onhand.db.database import Database
from tests.cli.conftest import Run


def test_a_report_on_the_screen_and_for_machines(on: Run) -> None:
    assert on("sku", "add", "AB-1").code == 0
    assert on("stock", "receive", "ab-1=10").code == 0
    shown = on("report", "movements", "--zone", "Asia/Tokyo")
    machine = on("report", "movements", "--json")
    slow = on("report", "slow_stock", "--since", "2026-01-01T00:00:00Z")

    assert (shown.code, "received" in shown.out, "on_hand_change" in shown.out) == (0, True, True)
    assert machine.answer["totals"] == {"events": 1, "on_hand_change": 10, "reserved_change": 0}
    assert slow.code == 0
    for wrong in (("profits",), ("units", "--zone", "Mars"), ("units", "--since", "2199-01-01")):
        assert on("report", *wrong).code == 2


def test_the_index_of_searches_is_made_anew(on: Run, database: Database) -> None:
    assert on("sku", "add", "AB-1", "--name", "丸い急須").code == 0
    with database.begin() as connection:
        connection.execute(sa.text("UPDATE sku SET search_text = 'wrong'"))
    assert on("sku", "list", "--search", "急須", "--json").answer["skus"] == []
    assert on("sku", "reindex", "--json").answer == {"wrong": 1}
    (found,) = on("sku", "list", "--search", "急須", "--json").answer["skus"]
    assert found["sku"] == "ab-1"
