"""Commands of listings: what a shop's catalogue shows is taken in, and listings get their SKU."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa
import uuid_utils

from onhand.access.commands import Change, Write, write_once
from onhand.access.model import Accepted, Asked, Refusal, has_control_characters
from onhand.catalog.model.listings import (
    ListingKnown,
    ListingMapped,
    ListingMapping,
    ListingNotFound,
    can_be_kept,
    choose_sku,
    clean_image,
    clean_name,
    exact_key,
)
from onhand.catalog.model.skus import SkuNotFound, Status, is_valid_code, normalise
from onhand.catalog.queries.listings import (
    ListingView,
    find_listings,
    read_listing,
    read_platform,
)
from onhand.catalog.queries.skus import find_registered
from onhand.catalog.tables import listing, sku, store
from onhand.channels.port import ChannelListing, ListingKey
from onhand.db.bulk import BulkWrite, Part, Row
from onhand.db.database import Database
from onhand.db.types import to_text

# Run in the transaction of a change, with the ids of the listings to be planned anew.
Then = Callable[[sa.Connection, Sequence[str]], object]

# Rakuten's search index lags by up to 24 hours (items/search, reference of ItemAPI 2.0).
INDEX_LAG = timedelta(hours=24)

_CHUNK = 500  # bound parameters a statement

_SEEN = ("name", "image_url", "codes", "is_sold", "sku_id", "mapped_by", "seen_at")
_write_page = BulkWrite(
    Part(
        listing,
        (
            *("listing_id", "store_id", "item_key", "variant_key"),
            *_SEEN,
            *("created_at", "updated_at"),
        ),
    ),
    Part(
        listing,
        ("listing_id", *_SEEN, "unseen_since", "missing_since", "updated_at"),
        key=("listing_id",),
        update_only=True,
    ),
)


@dataclass(frozen=True, slots=True)
class PageResult:
    """What a page of a catalogue brought: listings that were new, and known ones that changed.

    `ids` are the listings to be planned anew: new, of another SKU, sold again or no longer, or
    back after they were missing.
    """

    created: int
    changed: int
    ids: tuple[str, ...]


def take_catalogue_page(
    connection: sa.Connection,
    store_id: str,
    listings: Sequence[ChannelListing],
    now: datetime,
    *,
    then: Then | None = None,
) -> PageResult:
    """Take in what a shop lists, inside the caller's transaction; of two with one key, the last.

    A listing no person has decided on means the one registered SKU that its codes name, if it is
    one. Listings whose key no database can keep are left out. Raises:
        KeyError: no store has this id.
    """
    platform = read_platform(connection, store_id)
    if platform is None:
        raise KeyError(store_id)
    sights = {
        exact_key(platform, seen.key.item, seen.key.variant): seen
        for seen in listings
        if can_be_kept(seen.key.item, seen.key.variant)
    }
    keys = {pair: ListingKey(*pair) for pair in sorted(sights)}
    skus = _lock_skus(connection, sights.values())
    known = _lock_listings(connection, store_id, keys.values())
    page = _Page(store_id, to_text(now))
    for pair, key in keys.items():
        page.take(key, sights[pair], known.get(key), skus)
    _write_page.run(connection, page.new, page.known)
    if then is not None and page.ids:
        then(connection, page.ids)
    return PageResult(len(page.new), page.changed, tuple(page.ids))


def finish_catalogue(
    connection: sa.Connection, store_id: str, started_at: datetime
) -> tuple[str, ...]:
    """End a full pull that began at `started_at`; the ids of listings that are missing from now.

    A listing is missing when this pull did not show it, nor one that began 24 hours before or
    earlier (the shop's index lags so far). Inside the caller's transaction.
    """
    connection.execute(
        sa.update(store).where(store.c.store_id == store_id).values(catalogue_read_at=started_at)
    )
    unseen = sa.and_(listing.c.store_id == store_id, listing.c.seen_at < started_at)
    gone = connection.execute(
        sa.update(listing)
        .where(
            unseen,
            listing.c.missing_since.is_(None),
            listing.c.unseen_since <= started_at - INDEX_LAG,
        )
        .values(missing_since=started_at, updated_at=started_at)
        .returning(listing.c.listing_id)
    )
    ids = tuple(sorted(gone.scalars()))
    connection.execute(
        sa.update(listing)
        .where(unseen, listing.c.unseen_since.is_(None))
        .values(unseen_since=started_at)
    )
    return ids


def map_listing(
    database: Database, asked: Asked, mapping: ListingMapping, *, then: Then | None = None
) -> Accepted | Refusal:
    """Let a listing mean a SKU, by a person's word; the answer is the `ListingView`.

    The SKU it means already is no error. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    code = normalise(mapping.sku)
    if not is_valid_code(code):
        return SkuNotFound((code,))
    if not can_be_kept(mapping.listing):
        return ListingNotFound(mapping.listing)

    def run(connection: sa.Connection) -> Change | Refusal:
        found = find_registered(connection, [code])
        sku_id = found[code][0] if found else None
        # Where a SKU is removed, its row is locked before its listings; so here too.
        if sku_id is None or not lock_registered(connection, [sku_id]):
            return SkuNotFound((code,))
        before = _lock_listing(connection, mapping.listing)
        if before is None:
            return ListingNotFound(mapping.listing)
        if before.sku not in (None, sku_id) and not mapping.replace:
            return ListingMapped(mapping.listing, str(before.sku))
        return _set_sku(connection, before, sku_id, asked.now, then)

    write = Write("MapListing", mapping)
    return write_once(database, asked, write, run)


def unmap_listing(
    database: Database, asked: Asked, listing_id: str, *, then: Then | None = None
) -> Accepted | Refusal:
    """Let a listing mean no SKU, by a person's word; the answer is the `ListingView`.

    The rule does not map it again. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    if not can_be_kept(listing_id):
        return ListingNotFound(listing_id)

    def run(connection: sa.Connection) -> Change | Refusal:
        before = _lock_listing(connection, listing_id)
        if before is None:
            return ListingNotFound(listing_id)
        return _set_sku(connection, before, None, asked.now, then)

    write = Write("UnmapListing", listing_id)
    return write_once(database, asked, write, run)


def forget_sku(connection: sa.Connection, sku_id: str, *, at: datetime) -> None:
    """Unmap every listing of a SKU that is no longer registered; the rule may map them again.

    Inside the caller's transaction, which has locked the SKU's row.
    """
    connection.execute(
        sa.update(listing)
        .where(listing.c.sku_id == sku_id)
        .values(sku_id=None, mapped_by=None, updated_at=at)
    )


def _lock_skus(connection: sa.Connection, sights: Iterable[ChannelListing]) -> dict[str, str]:
    """The registered SKUs that the codes name, by code; none of them can go before the commit."""
    codes = {normalise(code) for seen in sights for code in seen.codes}
    found = {code: sku_id for code, (sku_id, _) in find_registered(connection, codes).items()}
    registered = lock_registered(connection, found.values())
    return {code: sku_id for code, sku_id in found.items() if sku_id in registered}


def lock_registered(connection: sa.Connection, sku_ids: Iterable[str]) -> set[str]:
    """Those of the SKUs that are registered, their rows locked against removing."""
    found: set[str] = set()
    for ids in _chunks(sorted(set(sku_ids))):
        rows = sa.select(sku.c.sku_id, sku.c.status).where(sku.c.sku_id.in_(ids))
        for row in connection.execute(rows.order_by(sku.c.sku_id).with_for_update(read=True)):
            if row.status != Status.UNREGISTERED:
                found.add(row.sku_id)
    return found


def _lock_listings(
    connection: sa.Connection, store_id: str, keys: Iterable[ListingKey]
) -> dict[ListingKey, ListingKnown]:
    """What is stored of the listings with these exact keys, their rows locked."""
    refs = find_listings(connection, store_id, keys)
    known: dict[ListingKey, ListingKnown] = {}
    for ids in _chunks(sorted(ref.listing_id for ref in refs.values())):
        rows = sa.select(listing).where(listing.c.listing_id.in_(ids))
        for row in connection.execute(rows.order_by(listing.c.listing_id).with_for_update()):
            known[ListingKey(row.item_key, row.variant_key)] = ListingKnown(
                listing_id=row.listing_id,
                sku_id=row.sku_id,
                mapped_by=row.mapped_by,
                name=row.name,
                image_url=row.image_url,
                codes=tuple(row.codes),
                is_sold=row.is_sold,
                is_missing=row.missing_since is not None,
                updated_at=row.updated_at,
            )
    return known


def _lock_listing(connection: sa.Connection, listing_id: str) -> ListingView | None:
    """The listing, its row locked; None if there is none."""
    row = sa.select(listing.c.listing_id).where(listing.c.listing_id == listing_id)
    connection.execute(row.with_for_update())
    return read_listing(connection, listing_id)


def _set_sku(
    connection: sa.Connection,
    before: ListingView,
    sku_id: str | None,
    now: datetime,
    then: Then | None,
) -> Change:
    connection.execute(
        sa.update(listing)
        .where(listing.c.listing_id == before.listing)
        .values(sku_id=sku_id, mapped_by="person", updated_at=now)
    )
    if then is not None and sku_id != before.sku:
        then(connection, [before.listing])
    after = read_listing(connection, before.listing)
    return Change(f"listing:{before.listing}", after, before=before, after=after)


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]


class _Page:
    """The rows of one page, as `_write_page` takes them."""

    def __init__(self, store_id: str, now: str) -> None:
        self.store_id = store_id
        self.now = now
        self.new: list[Row] = []
        self.known: list[Row] = []
        self.changed = 0
        self.ids: list[str] = []

    def take(
        self,
        key: ListingKey,
        seen: ChannelListing,
        known: ListingKnown | None,
        skus: dict[str, str],
    ) -> None:
        """Decide what becomes of one listing."""
        codes = tuple(code for code in seen.codes if not has_control_characters(code))
        chosen = choose_sku(codes, skus)
        sku_id, mapped_by = (chosen, "rule") if chosen else (None, None)
        if known is not None and (known.mapped_by == "person" or chosen is None):
            sku_id, mapped_by = known.sku_id, known.mapped_by
        name, image = clean_name(seen.name), clean_image(seen.image_url)
        row = (name, image, _json(codes), seen.is_sold, sku_id, mapped_by, self.now)
        if known is None:
            listing_id = uuid_utils.uuid7().hex
            self.new.append(
                (listing_id, self.store_id, key.item, key.variant, *row, self.now, self.now)
            )
            self.ids.append(listing_id)
            return
        as_known = (known.sku_id, known.is_sold, known.is_missing)
        replan = as_known != (sku_id, seen.is_sold, False)
        is_changed = replan or (known.name, known.image_url, known.codes) != (name, image, codes)
        self.changed += is_changed
        if replan:
            self.ids.append(known.listing_id)
        updated_at = self.now if is_changed else to_text(known.updated_at)
        self.known.append((known.listing_id, *row, None, None, updated_at))


def _json(codes: Iterable[str]) -> str:
    return msgspec.json.encode(list(codes)).decode()
