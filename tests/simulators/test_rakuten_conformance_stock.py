"""The simulator against the reference: items and inventory; marks as in the other file."""

from typing import Any

import pytest

from onhand.simulators.rakuten import Item, Knobs, Variant
from tests.simulators.calls import READ, WRITE, Bench, code

LARGE = ("tote-canvas", "BK-L")
PATH = "/es/2.0/inventories/manage-numbers/{}/variants/{}"
RANGE = "/es/2.0/inventories/bulk-get/range"


def add_items(bench: Bench, count: int) -> list[str]:
    """Put up so many items more; gives all manage numbers."""
    for number in range(count):
        item = Item(f"item-{number:03d}", f"商品{number}", {f"v{number}": Variant(f"S{number}")})
        bench.shop.add_item(item, {f"v{number}": number})
    return sorted(["tote-canvas", "lone", *(f"item-{number:03d}" for number in range(count))])


def names(answer: Any) -> list[str]:
    """The manage numbers of a search's answer."""
    return [one["item"]["manageNumber"] for one in answer["results"]]


def test_a_the_cursor_ends_when_it_stays(bench: Bench) -> None:
    """(A) start with *, stop when the mark comes back; it wants URL encoding."""
    expected = add_items(bench, 23)
    mark, found, pages = "*", list[str](), 0
    while True:
        answer: Any = bench.items(cursorMark=mark, hits=10).json()
        found += names(answer)
        pages += 1
        if answer["nextCursorMark"] == mark:
            break
        mark = answer["nextCursorMark"]
        assert "/" in mark

    assert (found, pages, answer["numFound"]) == (expected, 4, 25)


def test_a_pages_by_offset(bench: Bench) -> None:
    """(A) offset with sort; 10 hits when not told."""
    expected = add_items(bench, 23)
    found = []
    for offset in range(0, 30, 10):
        answer: Any = bench.items(offset=offset, sortKey="manageNumber", sortOrder="asc").json()
        found += names(answer)

    assert found == expected


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"offset": 0, "cursorMark": "*"}, "IE1003"),
        ({"cursorMark": "*", "sortKey": "updated"}, "IE1004"),
        ({"cursorMark": "*", "sortOrder": "asc"}, "IE1004"),
        ({"page": 2}, "IE1005"),
        ({"sortKey": "price"}, "IE0007"),
        ({"hits": 101}, "IE0003"),
        ({"hits": 0}, "IE0003"),
        ({"offset": 10_001}, "IE0003"),
        ({"hits": "many"}, "IE0002"),
    ],
)
def test_a_search_parameters(bench: Bench, parameters: dict[str, object], expected: str) -> None:
    """(A) the documented refusals."""
    assert code(bench.items(**parameters)) == (400, expected)


def test_a_an_item_in_its_wrapper(bench: Bench) -> None:
    """(A) search wraps, get does not, bulk-get lists; variants are keyed by variantId."""
    found: Any = bench.items(manageNumber="tote").json()
    (wrapped,) = found["results"]
    got: Any = bench.ask("GET", "/es/2.0/items/manage-numbers/TOTE-canvas").json()
    bulk = bench.post("/es/2.0/items/bulk-get", {"manageNumbers": ["tote-canvas", "nothing"]})

    assert wrapped["item"] == got == bulk["results"][0]
    assert len(bulk["results"]) == 1
    assert got["variants"]["BK-L"]["merchantDefinedSkuId"] == "TOTE-BK-L"
    assert got["variants"]["BK-M"]["restockOnCancel"] is False
    assert got["images"] == [{"type": "CABINET", "location": "/bags/tote.jpg"}]
    assert got["created"].endswith("+09:00")
    assert "quantity" not in str(got)
    lone: Any = bench.ask("GET", "/es/2.0/items/manage-numbers/lone").json()
    assert "variantSelectors" not in lone
    assert list(lone["variants"]) == ["normal-inventory"]


def test_a_items_that_are_not_there(bench: Bench) -> None:
    """(A) GE0014, IE1106 for the same twice, IE1101 for too many."""
    missing = bench.ask("GET", "/es/2.0/items/manage-numbers/nothing")
    assert code(missing) == (404, "GE0014")
    twice = bench.ask("POST", "/es/2.0/items/bulk-get", {"manageNumbers": ["lone", "LONE"]})
    assert code(twice) == (400, "IE1106")
    many = {"manageNumbers": [f"i{number}" for number in range(51)]}
    assert code(bench.ask("POST", "/es/2.0/items/bulk-get", many)) == (400, "IE1101")


def test_a_the_index_lags_and_keeps_stubs() -> None:
    """(A) up to 24 h: new items are missing, deleted ones are a bare manageNumber."""
    bench = Bench(Knobs(item_index_lag_s=86_400))
    empty: Any = bench.items().json()
    assert empty["results"] == []
    bench.clock.wait(86_400)
    bench.shop.delete_item("lone")
    found: Any = bench.items(sortKey="manageNumber", sortOrder="asc").json()

    assert found["results"][0] == {"item": {"manageNumber": "lone"}}
    assert "title" in found["results"][1]["item"]
    bench.clock.wait(86_400)
    assert names(bench.items().json()) == ["tote-canvas"]


def test_a_quantities_are_read_in_bulk(bench: Bench) -> None:
    """(A) 1..1000 pairs, manageNumber folded, variantId not; (D) unknown pairs are left out."""
    found = bench.read(("TOTE-Canvas", "BK-L"), ("tote-canvas", "bk-l"), ("x", "y"))
    assert found == {LARGE: 10}
    row = bench.post(
        READ, {"inventories": [{"manageNumber": "lone", "variantId": "normal-inventory"}]}
    )["inventories"][0]
    assert row.keys() == {"manageNumber", "variantId", "quantity", "created", "updated"}
    many = [{"manageNumber": "x", "variantId": f"v{number}"} for number in range(1_001)]
    assert code(bench.ask("POST", READ, {"inventories": many})) == (400, "IE1101")


def test_a_writes_are_204_without_a_body(bench: Bench) -> None:
    """(A) absolute sets, relative adds, both at once; the outcome is the status alone."""
    answer = bench.write((*LARGE, "ABSOLUTE", 7), ("lone", "normal-inventory", "RELATIVE", -2))

    assert (answer.status, answer.body) == (204, b"")
    found = bench.read(LARGE, ("lone", "normal-inventory"))
    assert found == {LARGE: 7, ("lone", "normal-inventory"): 3}


@pytest.mark.parametrize(
    ("row", "expected", "place"),
    [
        (("", "v", "ABSOLUTE", 1), "IE0001", "manageNumber"),
        (("a b", "v", "ABSOLUTE", 1), "IE0002", "manageNumber"),
        (("m" * 33, "v", "ABSOLUTE", 1), "IE0004", "manageNumber"),
        (("m", "v" * 33, "ABSOLUTE", 1), "IE0004", "variantId"),
        (("m", "v", "SET", 1), "IE0002", "mode"),
        (("m", "v", "ABSOLUTE", None), "IE0001", "quantity"),
        (("m", "v", "ABSOLUTE", "1"), "IE0002", "quantity"),
        (("m", "v", "ABSOLUTE", 100_000), "IE0003", "quantity"),
        (("m", "v", "ABSOLUTE", -1), "IE0003", "quantity"),
        ((*LARGE, "RELATIVE", -11), "IE0117", ""),
        ((*LARGE, "RELATIVE", 99_990), "IE0117", ""),
        (("m", "v", "RELATIVE", 1), "IE0500", ""),
    ],
)
def test_a_rows_that_are_refused(bench: Bench, row: Any, expected: str, place: str) -> None:
    """(A) codes of the table, with the row's place in metadata.propertyPath."""
    answer = bench.write(("lone", "normal-inventory", "ABSOLUTE", 1), row)
    document: Any = answer.json()

    assert code(answer) == (400, expected)
    path = document["errors"][0]["metadata"]["propertyPath"]
    assert path == (f"inventories[1].{place}" if place else "inventories[1]")
    assert bench.shop.quantity("lone", "normal-inventory") == 5


def test_d_a_bad_row_refuses_all_or_itself() -> None:
    """(D) nothing is stated: a knob, whole refusal by default (the test above)."""
    bench = Bench(Knobs(bulk_is_atomic=False))
    answer = bench.write((*LARGE, "ABSOLUTE", 4), ("m", "v", "RELATIVE", 1))

    assert code(answer) == (400, "IE0500")
    assert bench.shop.quantity(*LARGE) == 4


def test_a_a_body_of_another_form(bench: Bench) -> None:
    """(A) the same pair twice, too many rows, nothing, another type."""
    row = ("lone", "normal-inventory", "RELATIVE", 1)
    assert code(bench.write(row, ("LONE", *row[1:]))) == (400, "IE1102")
    many = [("m", f"v{number}", "ABSOLUTE", 1) for number in range(401)]
    assert code(bench.write(*many)) == (400, "IE1101")
    assert code(bench.ask("POST", WRITE, {})) == (400, "GE0011")
    assert code(bench.ask("POST", WRITE)) == (400, "GE0011")
    assert code(bench.ask("POST", WRITE, {"inventories": 7})) == (400, "IE0002")
    assert code(bench.ask("POST", WRITE, {}, content_type="text/csv")) == (415, "GE0012")
    assert code(bench.ask("POST", WRITE, {"inventories": [7]})) == (400, "IE0002")


def test_a_at_most_400_skus_of_an_item(bench: Bench) -> None:
    """(A) IE0121."""
    rows = [("m", f"v{number}", "ABSOLUTE", 1) for number in range(400)]
    assert bench.write(*rows).status == 204
    assert code(bench.write(("m", "v400", "ABSOLUTE", 1))) == (400, "IE0121")


def test_a_a_shop_without_skus(bench: Bench) -> None:
    """(A) IE1105 for a shop that was not migrated."""
    bench.shop.record.is_sku_migrated = False
    assert code(bench.write((*LARGE, "ABSOLUTE", 1))) == (400, "IE1105")


def test_a_orphans_are_accepted_and_purged(bench: Bench) -> None:
    """(A) 204 for what does not exist, not among the items, gone 24 h later."""
    assert bench.write(("ghost", "g", "ABSOLUTE", 9)).status == 204
    assert bench.read(("ghost", "g")) == {("ghost", "g"): 9}
    assert "ghost" not in names(bench.items().json())
    bench.clock.wait(86_400)
    assert bench.read(("ghost", "g")) == {}


def test_a_one_pair(bench: Bench) -> None:
    """(A) GET, PUT and DELETE of one; GE0014 where there is no number."""
    path = PATH.format(*LARGE)
    found: Any = bench.ask("GET", path).json()
    assert found["quantity"] == 10
    assert bench.ask("PUT", path, {"mode": "RELATIVE", "quantity": -3}).status == 204
    assert bench.shop.quantity(*LARGE) == 7
    bad = bench.ask("PUT", path, {"mode": "ABSOLUTE"})
    assert code(bad) == (400, "IE0001")
    assert bench.ask("DELETE", path).status == 204
    assert code(bench.ask("GET", path)) == (404, "GE0014")
    assert code(bench.ask("DELETE", path)) == (404, "GE0014")


def test_a_a_range_of_quantities(bench: Bench) -> None:
    """(A) IE0105, IE0113, IE0116; newest update first."""
    bench.write((*LARGE, "RELATIVE", -6))
    found: Any = bench.ask("GET", f"{RANGE}?maxQuantity=5").json()

    quantities = [row["quantity"] for row in found["inventories"]]
    assert quantities[0] == 4
    assert sorted(quantities) == [3, 4, 5]
    assert code(bench.ask("GET", RANGE)) == (400, "IE0105")
    assert code(bench.ask("GET", f"{RANGE}?minQuantity=2&maxQuantity=1")) == (400, "IE0113")
    for number in range(3):
        rows = [(f"m{number}", f"v{one}", "ABSOLUTE", 50) for one in range(400)]
        assert bench.write(*rows).status == 204
    assert code(bench.ask("GET", f"{RANGE}?minQuantity=50")) == (400, "IE0116")


def test_a_version_2_1_erases_what_is_left_out(bench: Bench) -> None:
    """(A) lead times belong to 2.1; (U, implied) 2.0 leaves them; IE0118 for unknown ids."""
    bench.shop.record.lead_times = {1, 2}
    path = PATH.format(*LARGE).replace("2.0", "2.1")
    lead = {"mode": "ABSOLUTE", "quantity": 5, "operationLeadTime": {"normalDeliveryTimeId": 1}}
    unknown = {**lead, "shipFromIds": [7]}

    assert bench.ask("PUT", path, lead).status == 204
    assert code(bench.ask("PUT", path, unknown)) == (400, "IE0118")
    bench.write((*LARGE, "RELATIVE", 1))
    kept: Any = bench.ask("GET", path).json()
    assert kept["operationLeadTime"] == {"normalDeliveryTimeId": 1}
    bench.ask("PUT", path, {"mode": "ABSOLUTE", "quantity": 5})
    erased: Any = bench.ask("GET", path).json()
    assert erased["operationLeadTime"] is None
    listed: Any = bench.ask(
        "GET", "/es/2.1/inventories/variant-lists/manage-numbers/tote-canvas"
    ).json()
    assert listed["variantList"] == ["BK-L", "BK-M"]


def test_a_read_only_mode(bench: Bench) -> None:
    """(A) GE0017 for writes; reads go on."""
    bench.rakuten.knobs.read_only = True
    assert code(bench.write((*LARGE, "ABSOLUTE", 1))) == (400, "GE0017")
    assert bench.read(LARGE) == {LARGE: 10}
