"""What several pages of stock share: the SKU in the address, moments as a person enters them."""

from datetime import UTC, datetime

from onhand.catalog.model.skus import normalise
from onhand.catalog.queries.skus import SkuView
from onhand.web.console.visits import Visit
from onhand.web.errors import Problem, Refused


def code_of(visit: Visit) -> str:
    """The code or alias in the page's address, as codes are compared."""
    return normalise(visit.path("sku"))


def known_sku(visit: Visit, found: SkuView | None) -> SkuView:
    """What was found by the code in the page's address.

    Raises:
        Refused: there is none.
    """
    if found is None:
        raise Refused(Problem("unknown_sku", {"skus": [code_of(visit)]}))
    return found


def moment_of(visit: Visit, entered: datetime | None) -> datetime | None:
    """The moment a person means by a day and time of their own zone; None for the future."""
    if entered is None:
        return None
    local = entered if entered.tzinfo else entered.replace(tzinfo=visit.reader.zone)
    moment = local.astimezone(UTC)
    return moment if moment <= visit.now else None
