"""Many SKUs and listings at once, inside the caller's transaction, which also keeps the record.

What somebody else has taken meanwhile is left alone and told.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from onhand.catalog.commands.listings import Then
from onhand.catalog.commands.skus import lock_names
from onhand.catalog.model.skus import Status, normalise, search_text
from onhand.catalog.queries.skus import find_registered
from onhand.catalog.tables import listing, sku, sku_alias
from onhand.db.bulk import BulkWrite, Part, Row
from onhand.db.lookup import select_in
from onhand.db.types import to_text

_LOCK = {"sqlite": "", "postgresql": " FOR NO KEY UPDATE"}
_FREE_LISTINGS = (
    "SELECT listing_id FROM listing WHERE sku_id IS NULL AND mapped_by IS NULL "
    "AND listing_id IN {list} ORDER BY listing_id"
)
_KNOWN_SKUS = (
    "SELECT sku_id, name, image_url FROM sku WHERE sku_id IN {list} "
    "AND status <> 'unregistered' ORDER BY sku_id"
)
# A code that was removed before keeps its row and its generation.
_WRITE = BulkWrite(
    Part(
        sku,
        (
            *("sku_id", "original_sku", "status", "name", "search_text", "image_url"),
            *("attributes", "created_at", "updated_at"),
        ),
        key=("sku_id",),
    ),
    Part(
        sku,
        ("sku_id", "name", "search_text", "image_url", "updated_at"),
        key=("sku_id",),
        update_only=True,
    ),
)
_ADD_ALIASES = BulkWrite(Part(sku_alias, ("alias_id", "original_alias", "sku_id")))
_MAP = BulkWrite(
    Part(
        listing,
        ("listing_id", "sku_id", "mapped_by", "updated_at"),
        key=("listing_id",),
        update_only=True,
    )
)


@dataclass(frozen=True, slots=True)
class SkuWant:
    """A SKU to be registered, or (not `is_new`) changed; None leaves a value as it is.

    Codes are valid, and name and image such as can be kept.
    """

    code: str
    is_new: bool
    name: str | None = None
    image_url: str | None = None
    aliases: tuple[str, ...] = ()


@dataclass(slots=True)
class SkusTaken:
    """What became of a few wants, by normalised code.

    `before` are name and image of SKUs that were changed. `gone` are new codes that somebody else
    has taken, and known ones that are not registered any more.
    """

    before: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    refused_aliases: set[str] = field(default_factory=set)


def take_skus(connection: sa.Connection, wants: Sequence[SkuWant], *, now: datetime) -> SkusTaken:
    """Register and change SKUs, and add aliases, each as far as nobody else was first."""
    taken = SkusTaken()
    if not wants:
        return taken
    if any(want.is_new or want.aliases for want in wants):
        lock_names(connection)
    by_id = {normalise(want.code): want for want in wants}
    aliases = {normalise(alias) for want in wants for alias in want.aliases}
    owners = find_registered(connection, by_id.keys() | aliases)
    known = _lock_known(connection, [sku_id for sku_id, want in by_id.items() if not want.is_new])
    for sku_id, want in by_id.items():
        if sku_id in owners if want.is_new else sku_id not in known:
            taken.gone.add(sku_id)
    added = _free_aliases(by_id, owners, taken)
    added_to: dict[str, list[str]] = {}
    for _, alias, owner in added:
        added_to.setdefault(owner, []).append(alias)
    present = _aliases_of(connection, known.keys() - taken.gone)
    moment = to_text(now)
    new: list[Row] = []
    changed: list[Row] = []
    for sku_id, want in by_id.items():
        if sku_id in taken.gone:
            continue
        mine = sorted(added_to.get(sku_id, ()), key=normalise)
        if want.is_new:
            name = want.name or ""
            text = search_text(sku_id, name, mine)
            active = (Status.ACTIVE.value, name, text, want.image_url)
            new.append((sku_id, want.code.strip(), *active, "{}", moment, moment))
            continue
        was = taken.before[sku_id] = known[sku_id]
        name = was[0] if want.name is None else want.name
        text = search_text(sku_id, name, sorted((*present.get(sku_id, ()), *mine), key=normalise))
        image_url = was[1] if want.image_url is None else want.image_url
        changed.append((sku_id, name, text, image_url, moment))
    _WRITE.run(connection, new, changed)
    _ADD_ALIASES.run(connection, added)
    return taken


def map_free_listings(
    connection: sa.Connection, skus: Mapping[str, str], *, now: datetime, then: Then
) -> set[str]:
    """Let listings that mean nothing yet mean registered SKUs; `skus` are the SKU ids by listing.

    Returns the listings that were mapped, by a person's word.
    """
    if not skus:
        return set()
    registered = find_registered(connection, set(skus.values()))
    rows = select_in(
        connection,
        _FREE_LISTINGS + _LOCK[connection.dialect.name],
        skus,
    )
    free = [row[0] for row in rows if skus[row[0]] in registered]
    moment = to_text(now)
    _MAP.run(connection, [(one, skus[one], "person", moment) for one in free])
    if free:
        then(connection, free)
    return set(free)


def _lock_known(
    connection: sa.Connection, sku_ids: Iterable[str]
) -> dict[str, tuple[str, str | None]]:
    """Name and image of the registered ones among these SKUs, their rows locked."""
    rows = select_in(
        connection,
        _KNOWN_SKUS + _LOCK[connection.dialect.name],
        sku_ids,
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def _aliases_of(connection: sa.Connection, sku_ids: Iterable[str]) -> dict[str, list[str]]:
    rows = select_in(
        connection, "SELECT sku_id, original_alias FROM sku_alias WHERE sku_id IN {list}", sku_ids
    )
    found: dict[str, list[str]] = {}
    for sku_id, alias in rows:
        found.setdefault(sku_id, []).append(alias)
    return found


def _free_aliases(
    by_id: Mapping[str, SkuWant], owners: Mapping[str, tuple[str, int]], taken: SkusTaken
) -> list[tuple[str, str, str]]:
    """Rows of the aliases that nobody has, by code or alias."""
    rows: dict[str, tuple[str, str, str]] = {}
    for sku_id, want in by_id.items():
        for alias in want.aliases if sku_id not in taken.gone else ():
            alias_id = normalise(alias)
            owner = owners.get(alias_id)
            if owner is not None and owner[0] == sku_id:
                continue
            if owner is not None or alias_id in rows or alias_id in by_id:
                taken.refused_aliases.add(alias_id)
            else:
                rows[alias_id] = (alias_id, alias.strip(), sku_id)
    return list(rows.values())
