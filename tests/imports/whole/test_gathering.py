"""Bringing rows together by SKU: the same wherever a page of the file ends."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from onhand.imports.model.gather import Gathering, RowFault, Want
from onhand.imports.model.plan import PlanFault, StockMode, Terms
from onhand.imports.model.rows import FileRow

TEA, RED = "https://img.example.com/tea.jpg", "https://img.example.com/red.jpg"
Row = tuple[str, int | None, str | None, str | None]
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.sampled_from([None, -1, 0, 1, 5]),
        st.sampled_from([None, " ", "急須", "red"]),
        st.sampled_from([None, "no address", TEA, RED]),
    ),
    max_size=8,
)


def gather(
    rows: Sequence[Row], terms: Terms, ends: set[int]
) -> tuple[list[tuple[object, ...]], list[RowFault]]:
    """Number, units, name, image and conflict of each SKU, and the faults; pages end at `ends`."""
    gathering = Gathering(terms)
    wants: dict[int, Want] = {}
    for line, (code, units, name, image) in enumerate(rows, start=2):
        gathering.take(FileRow(line, code, units, name, image, None, None), code)
        if line in ends:
            wants |= {want.number: want for want in gathering.drain()}
    wants |= {want.number: want for want in gathering.drain()}
    for number, patch in gathering.patches.items():
        want = wants[number]
        want.units, want.has_conflict = patch.units, patch.has_conflict
        want.name, want.image_url = patch.name or want.name, patch.image_url or want.image_url
    found: list[tuple[object, ...]] = [
        (want.number, want.sku_id, want.units, want.has_conflict)
        + ((None, None) if want.has_conflict else (want.name, want.image_url))
        for want in wants.values()
    ]
    return found, sorted(gathering.drain_faults())


@given(rows=ROWS, stock=st.sampled_from(StockMode), ends=st.sets(st.integers(2, 9)))
def test_where_pages_end_makes_no_difference(
    rows: list[Row], stock: StockMode, ends: set[int]
) -> None:
    terms = Terms(stock=stock)

    assert gather(rows, terms, ends) == gather(rows, terms, set())


def test_the_first_name_and_picture_that_rows_give_are_taken() -> None:
    rows: list[Row] = [("a", 1, None, None), ("a", 1, " ", "no address"), ("a", 1, "急須", None)]
    rows += [("a", 1, "red", RED), ("a", 1, None, TEA)]

    for ends in (set[int](), {2}, {2, 4}):
        found, _ = gather(rows, Terms(), ends)
        assert found == [(1, "a", 1, False, "急須", RED)]


def test_rows_that_disagree_are_all_named() -> None:
    rows: list[Row] = [("a", None, None, None), ("a", 1, None, None), ("a", 5, "急須", None)]
    rows += [("a", 0, None, None), ("a", None, None, None), ("a", 1, None, None)]

    for ends in (set[int](), {2}, {3, 4}):
        found, faults = gather(rows, Terms(stock=StockMode.REPLACE), ends)
        assert found == [(1, "a", None, True, None, None)]
        assert [(fault.line, fault.value) for fault in faults] == [
            (3, "1"),
            (4, "5"),
            (5, "0"),
            (7, "1"),
        ]
        assert {fault.fault for fault in faults} == {PlanFault.CONFLICTING_ROWS}
