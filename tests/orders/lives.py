"""Lives of orders, as a shop may show them (for hypothesis)."""

from hypothesis import strategies as st

from onhand.channels.port import ChannelLine, ChannelOrder, OrderState
from tests.orders.market import line, order

ITEMS = ("tote", "mug", "pen")
WAITING = (OrderState.CHANGING, OrderState.CANCELLING)
ENDS = (OrderState.SHIPPED, OrderState.CANCELLED)

_lines = st.lists(
    st.builds(line, st.sampled_from(ITEMS), st.integers(-1, 4), st.sampled_from("12")),
    max_size=3,
)


@st.composite
def lives(draw: st.DrawFn) -> list[ChannelOrder]:
    """The sights of one order, oldest first: lines may change until the order is over.

    While the shop decides, and once it has shipped, lines stay as they were.
    """
    lines: list[ChannelLine] = draw(_lines)
    steps = draw(
        st.lists(
            st.sampled_from([OrderState.PLACED, OrderState.CONFIRMED, *WAITING]),
            max_size=4,
        )
    )
    states = [*steps, draw(st.sampled_from([OrderState.CONFIRMED, *ENDS]))]
    sights = []
    for number, state in enumerate(states):
        if state not in WAITING and draw(st.booleans()):
            lines = draw(_lines)
        sights.append(order(*lines, state=state, read_s=60 + number))
    return sights


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[ChannelOrder], list[ChannelOrder]]:
    """A life, and its sights as they arrive: in any order, some more than once."""
    life = draw(lives())
    extra = draw(st.lists(st.sampled_from(life), max_size=3))
    return life, draw(st.permutations([*life, *extra]))
