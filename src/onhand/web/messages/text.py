"""The form of one message."""

from typing import NamedTuple


class Text(NamedTuple):
    """A title that is always the same, a detail with places for facts, and the form of each item.

    `each` is how one entry of a list of facts reads, where the detail names such a list.
    """

    title: str
    detail: str
    each: str = ""
