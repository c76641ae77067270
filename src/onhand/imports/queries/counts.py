"""What an import would change, and changed, in figures."""

from typing import Any

import sqlalchemy as sa

from onhand.imports.model.plan import Action, Flag
from onhand.imports.tables import import_change, import_listing


def count_changes(connection: sa.Connection, import_id: str) -> dict[str, Any]:
    """How many SKUs, listings and units a preview would change."""
    change = import_change.c
    is_left_out = change.action == Action.CONFLICT
    columns = {
        "skus": sa.func.count(),
        "new": _number(sa.and_(change.is_new, ~is_left_out)),
        "names": _number(change.name.is_not(None)),
        "images": _number(change.image_url.is_not(None)),
        "with_aliases": _number(sa.cast(change.aliases, sa.Text) != "[]"),
        "units_more": _sum(change.after_units > change.before_units),
        "units_less": _sum(change.after_units < change.before_units),
    }
    actions = {f"action_{action}": _number(change.action == action) for action in Action}
    flags = {f"flag_{flag}": _number(change.flags.contains(flag.value)) for flag in Flag}
    everything = {**columns, **actions, **flags}
    row = connection.execute(
        sa.select(*(figure.label(name) for name, figure in everything.items())).where(
            change.import_id == import_id
        )
    ).one()
    found = {name: int(value or 0) for name, value in zip(everything, row, strict=True)}
    return {
        **{name: found[name] for name in columns},
        "actions": {action.value: found[f"action_{action}"] for action in Action},
        "flags": {flag.value: found[f"flag_{flag}"] for flag in Flag},
        **_count_listings(connection, import_id),
    }


def _count_listings(connection: sa.Connection, import_id: str) -> dict[str, int]:
    listing = import_listing.c
    row = connection.execute(
        sa.select(_number(listing.is_to_map), _number(~listing.is_to_map)).where(
            listing.import_id == import_id
        )
    ).one()
    return {"listings_to_map": int(row[0] or 0), "listings_differing": int(row[1] or 0)}


def count_outcomes(connection: sa.Connection, import_id: str) -> dict[str, int]:
    """How many SKUs of an import were brought in, had moved, or were refused."""
    change = import_change.c
    rows = connection.execute(
        sa.select(change.outcome, sa.func.count())
        .where(change.import_id == import_id, change.outcome.is_not(None))
        .group_by(change.outcome)
    )
    return {outcome: int(number) for outcome, number in rows}


def _number(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((condition, 1), else_=0))


def _sum(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    """Whole units by which stock would change where this holds."""
    difference = import_change.c.after_units - import_change.c.before_units
    return sa.func.sum(sa.case((condition, difference), else_=0))
