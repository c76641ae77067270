"""What several pages of stock share: the SKU in the address, moments as a person enters them."""

from datetime import UTC, datetime

import sqlalchemy as sa

from onhand.access.model import Right
from onhand.catalog.model.skus import normalise
from onhand.catalog.queries.skus import SkuView, read_sku
from onhand.stock.model.commands import Caller
from onhand.stock.model.events import Source
from onhand.web.console.visits import Visit
from onhand.web.errors import Problem, Refused


def known_sku(connection: sa.Connection, visit: Visit) -> SkuView:
    """The SKU in the page's address, by its code or an alias.

    Raises:
        Refused: there is none.
    """
    code = normalise(visit.path("sku"))
    found = read_sku(connection, code)
    if found is None:
        raise Refused(Problem("unknown_sku", {"skus": [code]}))
    return found


def caller_of(visit: Visit) -> Caller:
    """Who writes, for commands of stock that the ledger does not decide by itself."""
    return Caller(
        visit.user.name,
        Source.MANUAL,
        visit.origin,
        touches_all=visit.may(Right.ADMINISTER),
    )


def moment_of(visit: Visit, entered: datetime | None) -> datetime | None:
    """The moment a person means by a day and time of their own zone; None for the future."""
    if entered is None:
        return None
    local = entered if entered.tzinfo else entered.replace(tzinfo=visit.reader.zone)
    moment = local.astimezone(UTC)
    return moment if moment <= visit.now else None
