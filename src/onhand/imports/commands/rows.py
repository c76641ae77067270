"""The rows of a preview: what each SKU of the file would become, and what is wrong."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from onhand.access.model import has_control_characters
from onhand.catalog.model.skus import LONGEST_NAME, is_valid_code, normalise
from onhand.catalog.model.stores import is_valid_store, normalise_store
from onhand.catalog.queries import find_registered
from onhand.db.bulk import BulkWrite, Part, Row
from onhand.imports.commands.working import Stop, Work
from onhand.imports.model.cp932 import as_cp932
from onhand.imports.model.gather import Gathering, Patch, Want
from onhand.imports.model.plan import Action, Flag, Standing, Terms, Verdict, judge
from onhand.imports.model.rows import FileRow
from onhand.imports.queries.known import KnownListing, KnownSku, known_listings, known_skus
from onhand.imports.tables import import_change, import_fault, import_listing

_CHUNK = 500
_CHANGE = (
    *("import_id", "number", "line", "manage_number", "code", "sku_id", "is_new", "action"),
    *("units", "before_units", "after_units", "reserved_units", "name", "name_before"),
    *("image_url", "image_before", "aliases", "flags"),
)
_LISTING = (
    *("import_id", "number", "listing_id", "line", "item_key", "variant_key", "means_sku_id"),
    "is_to_map",
)
_FAULT = ("import_id", "number", "line", "fault", "column_name", "value")
_WRITE = BulkWrite(
    Part(import_change, _CHANGE),
    Part(import_listing, _LISTING, key=("import_id", "number", "listing_id")),
    Part(import_fault, _FAULT),
)
_REPAIR = BulkWrite(Part(import_change, _CHANGE, key=("import_id", "number"), update_only=True))


class FaultRow(NamedTuple):
    """What is wrong with one row of the file."""

    line: int
    fault: str
    column: str | None
    value: str


class Page:
    """A few rows of the file, brought together with what is known, ready to be written."""

    def __init__(self, work: Work, rows: Sequence[FileRow], gathering: Gathering) -> None:
        """Read what is known of these rows' SKUs and listings."""
        self.import_id = work.import_id
        self.changes: list[Row] = []
        self.listings: dict[tuple[int, str], Row] = {}
        self.taken_rows = 0
        self.unknown_listings = 0
        terms = work.terms
        with work.database.snapshot() as connection:
            codes = {normalise(row.code) for row in rows}
            known = known_skus(connection, codes, terms.location, now=work.clock())
            aliases = {normalise(alias) for row in rows for alias in row.aliases}
            owners = {
                alias: owner for alias, (owner, _) in find_registered(connection, aliases).items()
            }
            listings = known_listings(connection, _keys(rows, terms))
        flags: dict[int, list[Flag]] = {}
        for row in rows:
            code = normalise(row.code)
            sku_id = known[code].sku_id if code in known else code
            number = gathering.take(row, sku_id)
            if number is None:
                continue
            self.taken_rows += 1
            if row.listing is not None and (store := _store_of(row, terms)):
                found = listings.get((store, *row.listing))
                if self._differs(found, row, number, sku_id):
                    flags.setdefault(number, []).append(Flag.LISTING_DIFFERS)
        for want in gathering.drain():
            mine = flags.get(want.number, [])
            if _settle_aliases(want, gathering, owners):
                mine.append(Flag.ALIAS_TAKEN)
            known_sku = known.get(normalise(want.code))
            self.changes.append(change_row(work, want, known_sku, mine))

    def _differs(self, found: KnownListing | None, row: FileRow, number: int, sku_id: str) -> bool:
        """Note the listing of a row; whether it means another SKU."""
        assert row.listing is not None
        if found is None:
            self.unknown_listings += 1
            return False
        if found.sku_id == sku_id:
            return False
        self.listings[number, found.listing_id] = (
            *(self.import_id, number, found.listing_id, row.line, *row.listing),
            *(found.sku_id, found.is_free),
        )
        return not found.is_free


def write_page(
    connection: sa.Connection, page: Page, faults: Sequence[FaultRow], first: int
) -> None:
    """Write a page and its bad rows; `first` bad rows were written before."""
    rows = [
        (
            *(page.import_id, number, fault.line, fault.fault),
            *(None if fault.column is None else keepable(fault.column), keepable(fault.value)),
        )
        for number, fault in enumerate(faults, start=first + 1)
    ]
    _WRITE.run(connection, page.changes, list(page.listings.values()), rows)


def keepable(text: str) -> str:
    """A text from a file as databases keep it: what nobody can read is shown as �."""
    if text.isprintable():
        return text
    return "".join("\ufffd" if has_control_characters(char) else char for char in text)


def clear(work: Work) -> None:
    """Take away what an earlier reading of the file left.

    Raises:
        WorkLost: another process works on it.
    """
    with work.database.begin() as connection:
        nothing: dict[str, object] = {"facts": None, "problem": None, "counts": {}, "rows_read": 0}
        work.keep(connection, {**nothing, "change_count": 0, "position": 0})
        for table in (import_change, import_listing, import_fault):
            connection.execute(sa.delete(table).where(table.c.import_id == work.import_id))


def repair(work: Work, gathering: Gathering) -> Stop | None:
    """Bring in what rows further down changed of SKUs written before; whether it was stopped.

    Raises:
        WorkLost: another process works on it.
    """
    lost = gathering.lost_aliases()
    numbers = iter(sorted(gathering.patches.keys() | lost.keys()))
    while some := list(islice(numbers, _CHUNK)):
        with work.database.begin() as connection:
            stop = work.keep(connection, {})
            if stop is not None:
                return stop
            _repair_some(connection, work, gathering, (some, lost))
    return None


def _repair_some(
    connection: sa.Connection,
    work: Work,
    gathering: Gathering,
    chosen: tuple[list[int], dict[int, set[str]]],
) -> None:
    numbers, lost = chosen
    change = import_change.c
    wanted = sa.and_(change.import_id == work.import_id, change.number.in_(numbers))
    found = connection.execute(sa.select(import_change).where(wanted)).all()
    codes = {row.sku_id for row in found}
    known = known_skus(connection, codes, work.terms.location, now=work.clock())
    rows = []
    for row in found:
        patch = gathering.patches.get(row.number) or Patch(row.units)
        gone = lost.get(row.number, set())
        want = Want(
            number=row.number,
            line=row.line,
            code=row.code,
            sku_id=row.sku_id,
            manage_number=row.manage_number,
            units=patch.units,
            name=patch.name or row.name,
            image_url=patch.image_url or row.image_url,
            aliases=[alias for alias in row.aliases if normalise(alias) not in gone],
            has_conflict=patch.has_conflict,
        )
        flags = {flag for flag in map(Flag, row.flags.split()) if flag in _ROW_FLAGS}
        if gone:
            flags.add(Flag.ALIAS_TAKEN)
        rows.append(change_row(work, want, known.get(row.sku_id), sorted(flags)))
    _REPAIR.run(connection, rows)


_ROW_FLAGS = frozenset({Flag.ALIAS_TAKEN, Flag.LISTING_DIFFERS})


def change_row(work: Work, want: Want, known: KnownSku | None, flags: Iterable[Flag]) -> Row:
    """What the file would make of one SKU, as it is stored."""
    standing = Standing() if known is None else known.standing
    verdict = _verdict(work.terms, want, standing)
    name = image = None
    if want.name and not want.has_conflict and (known is None or _is_other(want.name, known.name)):
        name = want.name
    if want.image_url and not want.has_conflict:
        image = None if known is not None and known.image_url == want.image_url else want.image_url
    return (
        *(work.import_id, want.number, want.line),
        None if want.manage_number is None else keepable(want.manage_number),
        *(want.code, want.sku_id),
        *(known is None, verdict.action.value, want.units),
        *(verdict.before_units, verdict.after_units, standing.reserved_units),
        *(name, None if known is None else known.name or None),
        *(image, None if known is None else known.image_url),
        msgspec.json.encode([] if want.has_conflict else want.aliases).decode(),
        " ".join(flag.value for flag in dict.fromkeys((*verdict.flags, *flags))),
    )


def _is_other(name: str, known: str) -> bool:
    """Whether a name is not the known one, nor what an export in CP932 has made of it."""
    return name != known and name != as_cp932(known).decode("cp932")[:LONGEST_NAME]


def _verdict(terms: Terms, want: Want, standing: Standing) -> Verdict:
    if want.has_conflict:
        return Verdict(Action.CONFLICT, standing.on_hand_units, standing.on_hand_units)
    return judge(terms, want.units, standing)


def _settle_aliases(want: Want, gathering: Gathering, owners: dict[str, str]) -> bool:
    """Leave a want the aliases that it can get; whether another SKU has one of them."""
    free, is_taken = [], False
    for alias in want.aliases:
        code = normalise(alias)
        if code == want.sku_id or not is_valid_code(code) or owners.get(code) == want.sku_id:
            continue
        if code not in owners and gathering.claim(want, alias):
            free.append(alias)
        else:
            is_taken = True
    want.aliases = free
    return is_taken


def _keys(rows: Sequence[FileRow], terms: Terms) -> dict[str, set[tuple[str, str]]]:
    """The listings that rows name, by store."""
    keys: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        store = _store_of(row, terms)
        if row.listing is not None and store is not None:
            keys.setdefault(store, set()).add(row.listing)
    return keys


def _store_of(row: FileRow, terms: Terms) -> str | None:
    """The store whose listing a row names."""
    store = normalise_store(row.store or terms.store or "")
    return store if is_valid_store(store) else None
