"""Rebuild: levels and totals derived again from the events (S12)."""

from collections.abc import Callable
from dataclasses import dataclass, field

import sqlalchemy as sa

from onhand.db.bulk import BulkWrite, Part
from onhand.db.database import Database
from onhand.db.lookup import select_in
from onhand.stock import tables
from onhand.stock.model.events import Event
from onhand.stock.model.fold import Fold, Mismatch
from onhand.stock.queries.verify import event_from_row

_SKUS_AT_ONCE = 200
_FIELDS = ", ".join(Event._fields)
_LEVELS = BulkWrite(
    Part(
        tables.stock_level,
        ("sku_id", "location_id", "on_hand", "reserved", "shortfall", "version"),
        key=("sku_id", "location_id"),
    )
)
_HEADS = BulkWrite(
    Part(
        tables.ledger_head,
        ("sku_id", "generation", "version", "hash", "on_hand", "reserved", "is_low"),
        key=("sku_id",),
        update_only=True,
    )
)


@dataclass(slots=True)
class RebuildReport:
    """How much was derived again, and every stored balance that was corrected."""

    events: int = 0
    skus: int = 0
    corrections: list[Mismatch] = field(default_factory=list)


def rebuild(database: Database, progress: Callable[[int], None] | None = None) -> RebuildReport:
    """Derive every level and total from the events' changes and say what was corrected.

    Runs in short transactions of some SKUs each, so that others may work meanwhile; events are
    never touched. Raises:
        DatabaseUnavailable: what was done before stays done; run it again.
    """
    report = RebuildReport()
    after = ""
    while True:
        with database.begin_ledger() as connection:
            heads = _next_heads(connection, after)
            if not heads:
                return report
            _rebuild_some(connection, [row.sku_id for row in heads], report)
            after = heads[-1].sku_id
        if progress is not None:
            progress(report.events)


def _next_heads(connection: sa.Connection, after: str) -> list[sa.Row[tuple[str]]]:
    head = tables.ledger_head.c
    statement = (
        sa.select(head.sku_id)
        .where(head.sku_id > after)
        .order_by(head.sku_id)
        .limit(_SKUS_AT_ONCE)
        .with_for_update(key_share=True)
    )
    return list(connection.execute(statement))


def _rebuild_some(connection: sa.Connection, skus: list[str], report: RebuildReport) -> None:
    folds = {sku_id: Fold(sku_id) for sku_id in skus}
    rows = select_in(
        connection,
        f"SELECT {_FIELDS} FROM stock_event WHERE sku_id IN {{list}} ORDER BY sku_id, seq",  # noqa: S608 — field names
        skus,
    )
    for row in rows:
        event = event_from_row(row)
        folds[event.sku_id].move(event)
    stored = {
        (row[0], row[1]): tuple(row[2:])
        for row in select_in(
            connection,
            "SELECT sku_id, location_id, on_hand, reserved, shortfall, version FROM stock_level "
            "WHERE sku_id IN {list}",
            skus,
        )
    }
    derived = {key: (0, 0, 0, stored[key][3]) for key in stored}
    for fold in folds.values():
        for place, balance in fold.balances.items():
            derived[fold.sku_id, place] = (
                balance.on_hand,
                balance.reserved,
                balance.shortfall,
                balance.version,
            )
    changed = {key: units for key, units in derived.items() if stored.get(key) != units}
    _LEVELS.run(connection, [(*key, *units) for key, units in sorted(changed.items())])
    report.corrections += [
        Mismatch(sku_id, "level", str(stored.get((sku_id, place))), str(units), location=place)
        for (sku_id, place), units in sorted(changed.items())
    ]
    _rebuild_heads(connection, list(folds.values()), report)
    report.events += len(rows)
    report.skus += len(skus)


def _rebuild_heads(connection: sa.Connection, folds: list[Fold], report: RebuildReport) -> None:
    stored = {
        row[0]: tuple(row[1:])
        for row in select_in(
            connection,
            "SELECT sku_id, generation, version, hash, on_hand, reserved, low_stock_threshold "
            "FROM ledger_head WHERE sku_id IN {list}",
            [fold.sku_id for fold in folds],
        )
    }
    rows = []
    for fold in folds:
        on_hand = sum(balance.on_hand for balance in fold.balances.values())
        reserved = sum(balance.reserved for balance in fold.balances.values())
        *known, threshold = stored[fold.sku_id]
        generation = fold.generation or known[0]  # without any event, only the catalog knows it
        derived = (generation, fold.version, fold.hash, on_hand, reserved)
        if tuple(known) != derived:
            rows.append((fold.sku_id, *derived, on_hand - reserved <= threshold))
            report.corrections.append(
                Mismatch(fold.sku_id, "totals", str(tuple(known)), str(derived))
            )
    _HEADS.run(connection, rows)
