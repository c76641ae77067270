"""What listings shall show now: the ledger's number under the store's and the listing's rule."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from onhand.db.lookup import select_in
from onhand.stock.queries.levels import read_offered
from onhand.sync.model.rules import EVERYTHING, Rule, target

_RULES = (
    "SELECT listing_id, safety_units, share_percent, cap_units, floor_units, fixed_units, paused "
    "FROM rule WHERE listing_id IN {list} AND store_id = {value}"
)


def read_rules(
    connection: sa.Connection, store_id: str, listing_ids: Iterable[str] = ()
) -> dict[str, Rule]:
    """The store's rule under "", and those of these listings that have one of their own."""
    found = select_in(connection, _RULES, {"", *listing_ids}, store_id)
    return {row[0]: Rule(*(*row[1:6], _flag(row[6]))) for row in found}


def _flag(value: int | bool | None) -> bool | None:
    return None if value is None else bool(value)


class Targets:
    """The numbers of some listings of one store, as of one moment."""

    def __init__(
        self,
        connection: sa.Connection,
        store_id: str,
        sku_of: dict[str, str],
        *,
        most: int,
        now: datetime,
    ) -> None:
        """`sku_of` maps listing ids to SKU ids; `most` is the largest number the shop takes."""
        self._rules = read_rules(connection, store_id, sku_of)
        self._offered = read_offered(connection, set(sku_of.values()), now=now)
        self._sku_of = sku_of
        self._most = most

    def suppose(self, rules: dict[str, Rule]) -> None:
        """Let these rules hold instead of the stored ones, for a dry run (Y8)."""
        self._rules = {**self._rules, **rules}

    def rule(self, listing_id: str) -> Rule:
        """The rule that holds for a listing: its own over its store's."""
        store = self._rules.get("", EVERYTHING)
        own = self._rules.get(listing_id)
        return store if own is None else own.over(store)

    def units(self, listing_id: str) -> int | None:
        """What the listing shall show, in whole units; None: leave the shop alone."""
        applied = self.rule(listing_id)
        if applied.paused:
            return None
        offered = self._offered.get(self._sku_of[listing_id])
        if offered is None:  # a SKU that was reset has nothing to sell
            return 0
        available, safety_stock = offered
        return target(applied, available=available, safety_stock=safety_stock, most=self._most)
