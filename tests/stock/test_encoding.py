"""The fast encoder of hashed fields gives the very bytes of the standard library's."""

from hypothesis import given
from hypothesis import strategies as st

from onhand.stock.encoding import encode
from onhand.stock.model.events import encode_fields

FIELDS = st.lists(
    st.none() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(exclude_categories=["Cs"]))
)


@given(FIELDS)
def test_both_encoders_give_the_same_bytes(fields: list[object]) -> None:
    assert encode(tuple(fields)) == encode_fields(tuple(fields))
