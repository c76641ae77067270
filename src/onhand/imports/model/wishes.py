"""What is asked of imports, and why it is refused."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from onhand.access.model import Refusal
from onhand.imports.model.choices import Choices, SkuFrom
from onhand.imports.model.plan import Terms

MOST_MOVED = 100  # that a refusal names


@dataclass(frozen=True, slots=True)
class Wish:
    """A kept file to be looked through; `again` takes one that was brought in once more.

    Without a name it is called as it was last.
    """

    file_id: str
    file_name: str
    terms: Terms = field(default_factory=Terms)
    choices: Choices = field(default_factory=Choices)
    again: bool = False


@dataclass(frozen=True, slots=True)
class ImportNotFound(Refusal):
    """There is no import of this id."""

    code: ClassVar[str] = "unknown_import"
    import_id: str


@dataclass(frozen=True, slots=True)
class FileNotKept(Refusal):
    """No kept file has this SHA-256."""

    code: ClassVar[str] = "unknown_file"
    file: str


@dataclass(frozen=True, slots=True)
class ImportNotReady(Refusal):
    """The import is in a state in which this cannot be done."""

    code: ClassVar[str] = "import_not_ready"
    import_id: str
    state: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A SKU whose stock is not any more what the preview went by, in whole units.

    `on_hand` None: the SKU itself came or went meanwhile.
    """

    sku: str
    line: int
    expected_on_hand: int
    on_hand: int | None


@dataclass(frozen=True, slots=True)
class ImportFailed(Refusal):
    """Looking through the file has failed several times, for no reason that the file gives."""

    code: ClassVar[str] = "import_failed"
    import_id: str


@dataclass(frozen=True, slots=True)
class ImportMoved(Refusal):
    """Stock has moved since the preview; nothing was brought in. Of many, the first are named."""

    code: ClassVar[str] = "import_moved"
    import_id: str
    count: int
    moved: Sequence[Moved]


def with_memory(given: Choices, remembered: Choices | None) -> Choices:
    """How a file is read: as asked, and as remembered where nothing was said."""
    if remembered is None:
        return given
    # Who names a column for the code wants no rule for it.
    keeps_rule = given.compose is None and given.sku_from in {SkuFrom.AUTO, SkuFrom.COMPOSED}
    return replace(
        given,
        mapping={**remembered.mapping, **given.mapping},
        sku_from=remembered.sku_from if given.sku_from is SkuFrom.AUTO else given.sku_from,
        compose=remembered.compose if keeps_rule else given.compose,
        narrow_codes=given.narrow_codes or remembered.narrow_codes,
    )


def worth_remembering(given: Choices) -> Choices | None:
    """What a person said of the columns, which holds for the store's next file, too."""
    is_auto = given.sku_from is SkuFrom.AUTO
    if is_auto and not (given.mapping or given.compose or given.narrow_codes):
        return None
    return Choices(
        mapping=given.mapping,
        sku_from=given.sku_from,
        compose=given.compose,
        narrow_codes=given.narrow_codes,
    )


def what_matters(used: Choices) -> Choices:
    """The choices that make two readings of one file differ: not how its bytes become text."""
    return replace(used, encoding=None, delimiter=None, likely_encoding=None, shop_code=None)
