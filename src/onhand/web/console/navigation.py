"""Where one can go: the entries of the menu, in order, each told by the pages behind it."""

from collections.abc import Callable
from dataclasses import dataclass

from onhand.access.model import Right
from onhand.bootstrap.environment import Environment


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu.

    `label` is marked for translation; `icon` stands in frontend/src/icons.txt. Entries are sorted
    by `order`; `key` after `g` leads there by keyboard; `on_phone` puts it into the bar at the
    bottom of a phone, which has room for four. `count` says how much waits there for a person.
    """

    label: str
    icon: str
    path: str
    order: int
    key: str
    right: Right = Right.READ
    on_phone: bool = False
    count: Callable[[Environment], int] | None = None
