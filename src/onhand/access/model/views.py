"""Views that people keep of a list."""

from dataclasses import dataclass
from typing import ClassVar

from onhand.access.model.acting import Refusal

LONGEST_VIEW_NAME = 60  # characters
LONGEST_VIEW_QUERY = 2000
MOST_VIEWS = 20  # of one person and list


@dataclass(frozen=True, slots=True)
class ViewPlace:
    """Whose views of which list of which environment."""

    user_id: str
    environment: str
    page: str


@dataclass(frozen=True, slots=True)
class TooManyViews(Refusal):
    """The person keeps as many views of this list as can be."""

    code: ClassVar[str] = "too_many_views"
    limit: int = MOST_VIEWS
