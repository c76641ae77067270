"""What values of imports are called on their pages."""

from collections.abc import Mapping

from onhand.imports.model.choices import Role, SkuFrom
from onhand.imports.model.facts import Evidence, EvidenceCode, Layout
from onhand.imports.model.plan import Action, Flag, Mode, PlanFault, StockMode, ZeroMode
from onhand.imports.model.rows import Fault, SkipReason
from onhand.imports.model.states import ImportState
from onhand.imports.queries.changes import Shown
from onhand.web.console.languages import mark
from onhand.web.console.visits import Visit

STATES = {
    ImportState.WAITING: mark("Being read"),
    ImportState.PREVIEWED: mark("To be confirmed"),
    ImportState.REFUSED: mark("Could not be read"),
    ImportState.CANCELLED: mark("Cancelled"),
    ImportState.CONFIRMED: mark("Being brought in"),
    ImportState.APPLIED: mark("Brought in"),
    ImportState.STOPPED: mark("Stopped on the way"),
    ImportState.UNDONE: mark("Taken back"),
}
TONES = {
    ImportState.WAITING: "info",
    ImportState.PREVIEWED: "warning",
    ImportState.REFUSED: "danger",
    ImportState.CANCELLED: "calm",
    ImportState.CONFIRMED: "info",
    ImportState.APPLIED: "success",
    ImportState.STOPPED: "warning",
    ImportState.UNDONE: "calm",
}
MODES = {
    Mode.RESET_STOCK: mark("Names, pictures and stock"),
    Mode.METADATA_ONLY: mark("Names and pictures only; stock stays as it is"),
}
STOCK = {
    StockMode.SKIP_ZERO: mark("Sets on hand; rows with 0 are left alone"),
    StockMode.REPLACE: mark("Sets on hand, also to 0"),
    StockMode.ADD: mark("Is added to what is on hand"),
}
ZEROS = {
    ZeroMode.SET_ZERO: mark("0 means none; a negative number is an error"),
    ZeroMode.IGNORE: mark("0 says nothing; a negative number is an error"),
    ZeroMode.ZERO_NEGATIVE: mark("0 and negative numbers mean none"),
}
ORIGINS = {
    SkuFrom.AUTO: mark("As found"),
    SkuFrom.VARIANT: "SKU管理番号",
    SkuFrom.SYSTEM_SKU: "システム連携用SKU番号",
    SkuFrom.ITEM_NUMBER: "商品番号",
    SkuFrom.MANAGE_NUMBER: "商品管理番号",
    SkuFrom.MANAGE_AND_VARIANT: mark("商品管理番号 and SKU管理番号"),
    SkuFrom.COMPOSED: mark("Composed by the rule below"),
}
ROLE_NAMES = {
    Role.SKU: mark("SKU code"),
    Role.QUANTITY: mark("Quantity"),
    Role.MANAGE_NUMBER: mark("Manage number"),
    Role.NAME: mark("Name"),
    Role.IMAGE: mark("Picture"),
    Role.STORE: mark("Store"),
    Role.COLOUR: mark("Colour"),
    Role.SIZE: mark("Size"),
    Role.VARIANT: "SKU管理番号",
    Role.SYSTEM_SKU: "システム連携用SKU番号",
    Role.ITEM_NUMBER: "商品番号",
}
LAYOUTS = {
    Layout.PLAIN: mark("One row for each SKU"),
    Layout.RAKUTEN_SKU: mark("Rakuten item CSV with SKU rows (normal-item.csv)"),
    Layout.RAKUTEN_ITEM: mark("Rakuten item CSV of the old form (item.csv)"),
    Layout.RAKUTEN_SELECT: mark("Rakuten choices CSV of the old form (select.csv)"),
}
ACTIONS = {
    Action.NONE: mark("Stock stays"),
    Action.UNCHANGED: mark("Already so"),
    Action.SET: mark("Is set"),
    Action.RECEIVE: mark("Is added"),
    Action.BLOCKED: mark("Not taken: more is reserved"),
    Action.CONFLICT: mark("Not taken: the file says two numbers"),
}
FLAGS = {
    Flag.TO_ZERO: mark("Falls to 0"),
    Flag.TENFOLD: mark("Ten times as much, or a tenth"),
    Flag.BELOW_RESERVED: mark("Below what is reserved"),
    Flag.OVERSOLD: mark("Becomes oversold"),
    Flag.ALIAS_TAKEN: mark("Another SKU has the alias"),
    Flag.LISTING_DIFFERS: mark("The listing means another SKU"),
}
OUTCOMES = {
    "applied": mark("Brought in"),
    "moved": mark("Left out: stock had moved"),
    "refused": mark("Refused by the ledger"),
    "left_out": mark("Left out, as shown before"),
}
SKIPS: dict[str, str] = {
    SkipReason.NO_SKU: mark("Names no SKU"),
    SkipReason.ITEM_ROW: mark("Row of an item, whose SKUs have their own"),
    SkipReason.OPTION_ROW: mark("Row of an option"),
    SkipReason.DELETED: mark("Marked as deleted"),
    SkipReason.BLANK: mark("Blank"),
}
FAULTS: dict[str, str] = {
    Fault.NO_SKU: mark("Names no SKU"),
    Fault.CODE_TOO_LONG: mark("The code is too long"),
    Fault.CODE_NOT_PRINTABLE: mark("The code holds a character that cannot be printed"),
    Fault.CODE_ROUNDED: mark("A spreadsheet has rounded the code"),
    Fault.CODE_IS_DATE: mark("A spreadsheet has made a date of the code"),
    Fault.QUANTITY_NOT_A_NUMBER: mark("The quantity is no number"),
    Fault.QUANTITY_NOT_WHOLE: mark("The quantity is no whole number"),
    Fault.QUANTITY_ROUNDED: mark("A spreadsheet has rounded the quantity"),
    Fault.QUANTITY_IS_DATE: mark("A spreadsheet has made a date of the quantity"),
    Fault.QUANTITY_TOO_LARGE: mark("The quantity is too large"),
    Fault.FORMULA: mark("The cell holds a formula"),
    Fault.FORMULA_ERROR: mark("The cell holds a formula's error"),
    Fault.CELL_TOO_LONG: mark("A cell is too long"),
    Fault.ROW_TOO_LONG: mark("The row has too many cells"),
    Fault.ROW_TOO_SHORT: mark("The row has too few cells"),
    Fault.BROKEN_QUOTES: mark("A quotation mark is missing"),
    Fault.UNDECODABLE: mark("Its bytes are no text in this encoding"),
    PlanFault.NEGATIVE_QUANTITY: mark("The quantity is negative"),
    PlanFault.CONFLICTING_ROWS: mark("Another row says another number for the SKU"),
}
# The lists of changes a person can choose from; those without any are not offered.
LISTS = {
    Shown.CHANGING: mark("What changes"),
    Shown.NEW: mark("New SKUs"),
    Shown.METADATA: mark("Names and pictures"),
    Shown.FLAGGED: mark("To be looked at"),
    Shown.TO_ZERO: FLAGS[Flag.TO_ZERO],
    Shown.TENFOLD: FLAGS[Flag.TENFOLD],
    Shown.BELOW_RESERVED: FLAGS[Flag.BELOW_RESERVED],
    Shown.OVERSOLD: FLAGS[Flag.OVERSOLD],
    Shown.ALIAS_TAKEN: FLAGS[Flag.ALIAS_TAKEN],
    Shown.LISTING_DIFFERS: FLAGS[Flag.LISTING_DIFFERS],
    Shown.CONFLICT: mark("Two numbers for one SKU"),
    Shown.UNCHANGED: mark("Unchanged"),
    Shown.MOVED: mark("Moved meanwhile"),
    Shown.REFUSED: mark("Refused"),
    Shown.ALL: mark("All"),
}
ENCODINGS = {
    "utf-8": "UTF-8",
    "cp932": "Shift_JIS (CP932)",
    "gb18030": "GB18030",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
}
DELIMITERS = {
    "comma": mark("Comma"),
    "tab": mark("Tab"),
    "semicolon": mark("Semicolon"),
}
SIGNS = {",": "comma", "\t": "tab", ";": "semicolon"}
_EVIDENCE = {
    EvidenceCode.CHOSEN: mark("%(what)s was chosen by hand."),
    EvidenceCode.BYTE_ORDER_MARK: mark("The first bytes of the file say %(encoding)s."),
    EvidenceCode.VALID_THROUGHOUT: mark("Every byte is valid %(encoding)s."),
    EvidenceCode.NUL_PATTERN: mark("Every second byte is empty, as in %(encoding)s."),
    EvidenceCode.HEADER_WORDS: mark("Only as %(encoding)s do column names appear: %(words)s."),
    EvidenceCode.USUAL_CHARACTERS: mark(
        "Read as %(encoding)s, %(percent)s%% of the characters are usual ones; as %(other)s "
        "%(other_percent)s%%."
    ),
    EvidenceCode.LIKELY_FOR_STORE: mark(
        "The bytes leave it open; %(encoding)s is usual for this store."
    ),
    EvidenceCode.NOTHING_TELLS: mark(
        "The bytes leave it open; %(encoding)s was taken. Please look at the names."
    ),
    EvidenceCode.UNDECODABLE_FROM: mark(
        "From line %(line)s on there are bytes that are no text in %(encoding)s."
    ),
    EvidenceCode.DELIMITER_FITS: mark(
        "%(delimiter)s. Columns that it makes: %(columns)s; known fields among them: %(known)s."
    ),
    EvidenceCode.DELIMITER_LINE: mark("%(delimiter)s: the first line says so."),
    EvidenceCode.SHEET_WITH_HEADER: mark("“%(sheet)s” is the first sheet with known columns."),
    EvidenceCode.HEADER_LINE: mark(
        "The header is in line %(line)s. Its columns: %(columns)s; known fields among them: "
        "%(known)s."
    ),
    EvidenceCode.DUPLICATE_HEADER: mark(
        "Several columns are called “%(name)s”; the first of them is read."
    ),
    EvidenceCode.LAYOUT_COLUMNS: mark("The columns are those of: %(layout)s."),
}


def evidence_text(visit: Visit, found: Evidence) -> str:
    """What was observed of the file, in the reader's language."""
    values: dict[str, object] = dict(found.values)
    for name in ("encoding", "other"):
        if name in values:
            values[name] = ENCODINGS.get(str(values[name]), values[name])
    if "delimiter" in values:
        delimiter = str(values["delimiter"])
        values["delimiter"] = visit.text(DELIMITERS.get(delimiter, delimiter))
    if "layout" in values:
        values["layout"] = visit.text(LAYOUTS[Layout(str(values["layout"]))])
    if found.code is EvidenceCode.CHOSEN:
        values["what"] = next(iter(values.values()))
    return visit.text(_EVIDENCE[found.code], **values)


def worded(words: Mapping[str, str], counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Words with how often each was, the most first; those that were not at all are left out."""
    found = [(words.get(name, name), count) for name, count in counts.items() if count]
    return sorted(found, key=lambda one: -one[1])
