"""Taking back a group over REST."""

from typing import Any

from tests.web.client import Api, order


def adjusted(shop: Api, quantity: int = 5) -> dict[str, Any]:
    """Name the command that added units."""
    body = {"mode": "add", "quantity": quantity, "reason": "typed wrongly"}
    return {"command_id": shop.put("/inventory/ce1111/adjust", body)["command_id"]}


def test_an_adjustment_is_looked_at_and_taken_back_once(shop: Api) -> None:
    wanted = adjusted(shop)
    seen = shop.post("/inventory/undo?dry_run=true", wanted)
    assert seen["undo"] is None
    assert seen["preview"]["undone"] is None
    (line,) = seen["preview"]["lines"]
    assert (line["units"], line["on_hand"], line["breaks"]) == (-5, 15, False)
    assert shop.units() == (15, 0)

    done = shop.post("/inventory/undo", wanted)["undo"]
    again = shop.send("POST", "/inventory/undo", json=wanted | {"how": "what_is_possible"})

    assert shop.units() == (10, 0)
    assert (done["skus"], done["left_out"]) == (1, [])
    assert again.json()["undo"] == done
    assert again.headers["Idempotent-Replayed"] == "true"
    assert shop.post("/inventory/undo?dry_run=true", wanted)["preview"]["undone"] == done
    newest, event, _ = shop.get("/inventory/ce1111/transactions")["events"]
    assert newest["undoes"] == f"command:{wanted['command_id']}"
    assert event["undone_by"] == done["undo_id"] == newest["command_id"]


def test_what_breaks_is_refused_with_its_lines(shop: Api) -> None:
    wanted = adjusted(shop)
    shop.post("/inventory/reserve/order", order(quantity=12))

    for body in (wanted, wanted | {"how": "what_is_possible"}):
        problem = shop.post("/inventory/undo", body, expect=409)
        assert (problem["code"], problem["broken"]) == ("undo_breaks", 1)
        assert problem["breaks"] == [
            {
                "sku": "ce1111",
                "location": "main",
                "units": -5,
                "why": "units_gone",
                "shortfall_units": 2,
            }
        ]
        assert "ce1111 at main: -5" in problem["detail"]


def test_what_cannot_be_undone(shop: Api) -> None:
    sold = shop.post("/inventory/deduct", order(quantity=1))["command_id"]
    wanted = adjusted(shop)
    undo_id = shop.post("/inventory/undo", wanted)["undo"]["undo_id"]
    for command_id, code, status in (
        (sold, "not_undoable", 409),
        (undo_id, "undo_is_final", 409),
        ("nothing", "undo_not_found", 404),
    ):
        for path in ("/inventory/undo", "/inventory/undo?dry_run=true"):
            problem = shop.post(path, {"command_id": command_id}, expect=status)
            assert (problem["code"], problem["undoes"]) == (code, f"command:{command_id}")
    file = {"reference_type": "import", "reference_id": "f"}
    assert shop.post("/inventory/undo", file, expect=404)["undoes"] == "import:f"
    for body in ({}, file | wanted, {"reference_type": "import"}, {"reference_id": "f"}):
        shop.post("/inventory/undo", body, expect=422)
    shop.post("/inventory/undo", {"reference_type": "order", "reference_id": "1"}, expect=422)


def test_a_number_is_changed_as_it_was_seen(shop: Api) -> None:
    body = {"mode": "set", "quantity": 7, "reason": "recounted", "expected_on_hand": 9}
    problem = shop.put("/inventory/ce1111/adjust", body, expect=409)
    assert (problem["code"], problem["on_hand"]) == ("stock_moved", 10)
    shop.put("/inventory/ce1111/adjust", body | {"expected_on_hand": 10})
    line = {"sku": "ce1111", "mode": "add", "quantity": 1, "expected_on_hand": 10}
    shop.post("/inventory/adjust/bulk", {"reason": "r", "lines": [line]}, expect=409)
    assert shop.units() == (7, 0)
