"""Commands of SKUs. Removing a SKU is the ledger's `ResetSku`: its stock goes with it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from onhand.access.commands import Change, Write, write_once
from onhand.access.model import Accepted, Asked, Refusal
from onhand.catalog.commands.listings import forget_sku
from onhand.catalog.model.skus import (
    AliasNotFound,
    AliasTaken,
    InvalidSkuCode,
    NewAlias,
    NewSku,
    SkuChange,
    SkuExists,
    SkuNotFound,
    Status,
    check_change,
    check_new_skus,
    is_valid_code,
    normalise,
    search_text,
)
from onhand.catalog.queries.skus import find_registered, read_skus
from onhand.catalog.tables import sku, sku_alias
from onhand.db.database import Database

# Codes and aliases share one space of names over two tables, which no unique key can span.
# Commands that take a name take turns on PostgreSQL; SQLite has one writer anyway.
_NAMES_LOCK = 7_110_047


def create_skus(database: Database, asked: Asked, skus: Sequence[NewSku]) -> Accepted | Refusal:
    """Register 1 … 1000 SKUs, all or none; a code removed before starts anew.

    The answer is `{"skus": [SkuView, …]}` in the order given. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    refused = check_new_skus(skus)
    if refused is not None:
        return refused

    def create(connection: sa.Connection) -> Change | Refusal:
        lock_names(connection)
        taken = _taken_names(connection, skus)
        if taken is not None:
            return taken
        _insert_skus(connection, skus, asked.now)
        ids = [normalise(new.code) for new in skus]
        created = {"skus": read_skus(connection, ids)}
        more = f" +{len(ids) - 1}" if len(ids) > 1 else ""
        return Change(f"sku:{ids[0]}{more}", created, after=created)

    return write_once(database, asked, Write("CreateSkus", list(skus)), create)


def update_sku(database: Database, asked: Asked, change: SkuChange) -> Accepted | Refusal:
    """Change what is kept about a SKU; the answer is the `SkuView` afterwards.

    Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    refused = check_change(change)
    if refused is not None:
        return refused

    def update(connection: sa.Connection) -> Change | Refusal:
        sku_id = _lock_sku(connection, change.code)
        if sku_id is None:
            return SkuNotFound((normalise(change.code),))
        (before,) = read_skus(connection, [sku_id])
        values: dict[str, Any] = {
            "name": change.name,
            "image_url": change.image_url,
            "attributes": None if change.attributes is None else dict(change.attributes),
            "status": change.status,
        }
        values = {name: value for name, value in values.items() if value is not None}
        if change.image_url == "":
            values["image_url"] = None
        if change.name is not None:
            values["search_text"] = search_text(sku_id, change.name, before.aliases)
        _update(connection, sku_id, values, asked.now)
        (after,) = read_skus(connection, [sku_id])
        return Change(f"sku:{sku_id}", after, before=before, after=after)

    return write_once(database, asked, Write("UpdateSku", change), update)


def add_alias(database: Database, asked: Asked, new: NewAlias) -> Accepted | Refusal:
    """Let another code mean the SKU; one it has already is no error. The answer is the `SkuView`.

    Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    alias = normalise(new.alias)
    if not is_valid_code(alias):
        return InvalidSkuCode(alias)
    if not is_valid_code(normalise(new.sku)):
        return SkuNotFound((normalise(new.sku),))

    def add(connection: sa.Connection) -> Change | Refusal:
        lock_names(connection)
        sku_id = _lock_sku(connection, new.sku)
        if sku_id is None:
            return SkuNotFound((normalise(new.sku),))
        (before,) = read_skus(connection, [sku_id])
        owner = find_registered(connection, [alias]).get(alias)
        if owner is not None and (owner[0] != sku_id or alias == sku_id):
            return AliasTaken(alias, owner[0])
        if owner is None:
            _insert_aliases(connection, [(new.alias.strip(), sku_id)])
            text = search_text(sku_id, before.name, (*before.aliases, new.alias))
            _update(connection, sku_id, {"search_text": text}, asked.now)
        (after,) = read_skus(connection, [sku_id])
        return Change(f"sku:{sku_id}", after, before=before, after=after)

    return write_once(database, asked, Write("AddAlias", new), add)


def remove_alias(database: Database, asked: Asked, gone: NewAlias) -> Accepted | Refusal:
    """Let the alias mean the SKU no longer; the answer is the `SkuView`.

    Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    alias = normalise(gone.alias)
    if not is_valid_code(alias):
        return AliasNotFound(alias, normalise(gone.sku))
    if not is_valid_code(normalise(gone.sku)):
        return SkuNotFound((normalise(gone.sku),))

    def remove(connection: sa.Connection) -> Change | Refusal:
        sku_id = _lock_sku(connection, gone.sku)
        if sku_id is None:
            return SkuNotFound((normalise(gone.sku),))
        (before,) = read_skus(connection, [sku_id])
        chosen = sa.and_(sku_alias.c.alias_id == alias, sku_alias.c.sku_id == sku_id)
        if connection.execute(sa.select(sku_alias.c.alias_id).where(chosen)).first() is None:
            return AliasNotFound(alias, sku_id)
        connection.execute(sa.delete(sku_alias).where(chosen))
        kept = [one for one in before.aliases if normalise(one) != alias]
        text = search_text(sku_id, before.name, kept)
        _update(connection, sku_id, {"search_text": text}, asked.now)
        (after,) = read_skus(connection, [sku_id])
        return Change(f"sku:{sku_id}", after, before=before, after=after)

    return write_once(database, asked, Write("RemoveAlias", gone), remove)


def unregister(connection: sa.Connection, sku_id: str, *, at: datetime) -> None:
    """Make a SKU unknown, inside the caller's transaction (C2).

    Its aliases and extra data go, and no listing means it any more.
    """
    # First the row, which a command adding an alias has locked, so that none is added behind us.
    connection.execute(
        sa.update(sku)
        .where(sku.c.sku_id == sku_id)
        .values(
            status=Status.UNREGISTERED,
            generation=sku.c.generation + 1,
            name="",
            search_text="",
            image_url=None,
            attributes={},
            updated_at=at,
        )
    )
    connection.execute(sa.delete(sku_alias).where(sku_alias.c.sku_id == sku_id))
    forget_sku(connection, sku_id, at=at)


def lock_names(connection: sa.Connection) -> None:
    """Let nobody else give codes or aliases before the caller's transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_NAMES_LOCK)))


def _lock_sku(connection: sa.Connection, code: str) -> str | None:
    """The id of the registered SKU this code means, its row locked; None if there is none."""
    found = find_registered(connection, [normalise(code)])
    for sku_id, _ in found.values():
        row = connection.execute(
            sa.select(sku.c.status).where(sku.c.sku_id == sku_id).with_for_update(key_share=True)
        ).one()
        return None if row.status == Status.UNREGISTERED else sku_id
    return None


def _taken_names(connection: sa.Connection, skus: Sequence[NewSku]) -> Refusal | None:
    """Why the codes and aliases of new SKUs cannot be given, None when all are free."""
    codes = {normalise(new.code) for new in skus}
    aliases = {normalise(alias) for new in skus for alias in new.aliases}
    known = find_registered(connection, codes | aliases)
    for code in sorted(codes & known.keys()):
        owner = known[code][0]
        return SkuExists(code) if owner == code else AliasTaken(code, owner)
    for alias in sorted(aliases & known.keys()):
        return AliasTaken(alias, known[alias][0])
    return None


def _insert_skus(connection: sa.Connection, skus: Sequence[NewSku], now: datetime) -> None:
    rows = {
        normalise(new.code): {
            "original_sku": new.code.strip(),
            "status": new.status,
            "name": new.name,
            "search_text": search_text(new.code, new.name, new.aliases),
            "image_url": new.image_url or None,
            "attributes": dict(new.attributes),
            "created_at": now,
            "updated_at": now,
        }
        for new in skus
    }
    known = set(connection.execute(sa.select(sku.c.sku_id).where(sku.c.sku_id.in_(rows))).scalars())
    for sku_id in known:  # registered before: the row and its generation go on
        connection.execute(sa.update(sku).where(sku.c.sku_id == sku_id).values(rows.pop(sku_id)))
    if rows:
        connection.execute(
            sa.insert(sku), [{"sku_id": sku_id, **row} for sku_id, row in rows.items()]
        )
    _insert_aliases(
        connection, [(alias.strip(), normalise(new.code)) for new in skus for alias in new.aliases]
    )


def _insert_aliases(connection: sa.Connection, aliases: Sequence[tuple[str, str]]) -> None:
    """Add (alias as written, SKU id) pairs."""
    if aliases:
        connection.execute(
            sa.insert(sku_alias),
            [
                {"alias_id": normalise(alias), "original_alias": alias, "sku_id": sku_id}
                for alias, sku_id in aliases
            ],
        )


def _update(connection: sa.Connection, sku_id: str, values: dict[str, Any], now: datetime) -> None:
    connection.execute(
        sa.update(sku).where(sku.c.sku_id == sku_id).values(**values, updated_at=now)
    )
