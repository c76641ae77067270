"""How imports are shown in a terminal."""

from collections.abc import Sequence

from rich.table import Table

from onhand.cli.desk import Desk
from onhand.cli.terminal import table
from onhand.imports.model.facts import Evidence
from onhand.imports.queries.changes import ChangeView
from onhand.imports.queries.imports import FaultView, ImportSummary, ImportView


def show_import(desk: Desk, found: ImportView, changes: Sequence[ChangeView]) -> None:
    """One import in figures, and some of what it would change."""
    document = {"import": found, "changes": changes}
    views = [_head(found), _counts(found)]
    if changes:
        views.append(_changes(changes))
    desk.terminal.show(document, *views)
    hint = _HINTS.get(found.state.value)
    if hint is not None:
        desk.terminal.say(hint.format(id=found.import_id))


def show_list(desk: Desk, found: Sequence[ImportSummary], *, more: bool) -> None:
    """Imports, one a line."""
    rows = [
        (
            *(one.import_id, one.asked_at, one.file_name, one.store, one.state.value),
            *(one.rows, one.skus, one.confirmed_by or one.asked_by),
        )
        for one in found
    ]
    columns = ("id", "given", "file", "store", "state", "rows", "SKUs", "by")
    desk.terminal.show({"imports": found, "more": more}, table(columns, rows))


def show_faults(desk: Desk, faults: Sequence[FaultView], *, more: bool) -> None:
    """Rows that cannot be taken."""
    rows = [(one.line, one.fault, one.column, one.value) for one in faults]
    view = table(("line", "fault", "column", "value"), rows)
    desk.terminal.show({"bad_rows": faults, "more": more}, view)


_HINTS = {
    "waiting": "Another process reads it; look again with: onhand import show {id}",
    "confirmed": "Another process brings it in; look again with: onhand import show {id}. "
    "If it has died, go on in half a minute: onhand import confirm {id}",
    "previewed": "Nothing was changed. Bring it in with: onhand import confirm {id}",
    "stopped": "What was brought in stays. Go on: onhand import confirm {id}; "
    "take it back: onhand import undo {id}",
}


def _head(found: ImportView) -> Table:
    facts = found.facts
    rows: list[tuple[str, object]] = [
        ("file", f"{found.file_name} ({found.size_bytes:,} bytes)"),
        ("state", found.state.value),
        ("how", f"{found.terms.mode}, {found.terms.stock}, {found.terms.zero}"),
        ("location", found.terms.location),
        ("store", found.store),
    ]
    if facts is not None:
        read_as = (facts.form.value, facts.encoding, facts.sheet, facts.layout.value)
        columns = ", ".join(f"{role}={header}" for role, header in facts.mapping.items())
        rows.append(("read as", " ".join(part for part in read_as if part)))
        rows.append(("columns", columns))
        rows.append(("code from", facts.compose or facts.sku_from.value))
        rows += [("evidence", _evidence(found)) for found in facts.evidence]
        if facts.ignored_prices:
            rows.append(("prices, ignored", ", ".join(facts.ignored_prices)))
    if found.also_imported:
        rows.append(("brought in before as", ", ".join(found.also_imported)))
    return table((found.import_id, ""), rows)


def _evidence(found: Evidence) -> str:
    """What was observed of the file, in the words of docs/reference/files.md."""
    values = (f"{name}={value!r}" for name, value in found.values.items())
    return " ".join([found.code.value, *values])


def _counts(found: ImportView) -> Table:
    counts = found.counts
    rows: list[tuple[str, int]] = [
        ("rows", counts.rows),
        *((f"  skipped: {reason}", number) for reason, number in counts.skipped.items()),
        *((f"  bad: {fault}", number) for fault, number in counts.bad.items()),
        ("SKUs", counts.skus),
        ("  new", counts.new),
        *((f"  stock: {action}", number) for action, number in counts.actions.items() if number),
        ("  new names", counts.names),
        ("  new pictures", counts.images),
        ("  with new aliases", counts.with_aliases),
        ("units more", counts.units_more),
        ("units less", counts.units_less),
        ("listings to map", counts.listings_to_map),
        *((f"look at: {flag}", number) for flag, number in counts.flags.items() if number),
        *((f"became: {outcome}", number) for outcome, number in counts.outcomes.items()),
    ]
    return table(("what", "how many"), rows)


def _changes(changes: Sequence[ChangeView]) -> Table:
    rows = [
        (
            *(one.manage_number, one.sku, one.line, one.action.value, one.before, one.after),
            *(one.name, " ".join(flag.value for flag in one.flags), one.outcome),
        )
        for one in changes
    ]
    columns = ("manage number", "sku", "line", "stock", "before", "after", "name", "look at", "")
    return table(columns, rows)
