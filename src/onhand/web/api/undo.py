"""Taking back an import, adjustment, count or transfer as a group."""

from typing import Annotated, Literal

import msgspec
from fastapi import Query
from pydantic import BaseModel, Field, model_validator
from starlette.responses import Response

from onhand.access.model import Accepted, Refusal, Right
from onhand.imports.commands.undoing import undo_group
from onhand.stock.commands.undo import GroupUndo
from onhand.stock.model.commands import UndoHow
from onhand.stock.model.events import Reference, ReferenceType
from onhand.stock.queries.undo import Named, preview_undo
from onhand.web.answers import Undone
from onhand.web.bodies import example
from onhand.web.errors import Refused, problem_of
from onhand.web.fields import LARGEST_PAGE, Name
from onhand.web.guard import Visit
from onhand.web.operation import operation, operations
from onhand.web.visits import Writer, answered, shown

router = operations("/inventory", tag="stock")

UNDO_REFUSALS = (
    "undo_not_found",
    "undo_breaks",
    "undo_is_final",
    "not_undoable",
    "part_of_group",
)


class UndoBody(BaseModel):
    """What is to be taken back: a file or stocktake by its reference, or one command by its id."""

    model_config = example(
        reference_type="import",
        reference_id="0f5c3a7be1d24c0f9f0e5a4b8c7d6e5f",
        how="what_is_possible",
    )
    reference_type: Literal["import", "manual"] | None = Field(
        None, description="As its events say it; a stocktake's is `manual`."
    )
    reference_id: Name | None = Field(None, description="The id of the import or stocktake.")
    command_id: Name | None = Field(
        None, description="One receipt, adjustment, count or transfer, by the id in its answer."
    )
    how: Literal["all_or_nothing", "what_is_possible"] = Field(
        "all_or_nothing",
        description="When units were sold, held or moved since: refuse the whole undo, or leave "
        "out the SKUs that this concerns.",
    )

    @model_validator(mode="after")
    def _check_name(self) -> "UndoBody":
        by_reference = self.reference_type is not None and self.reference_id is not None
        is_half = (self.reference_type is None) != (self.reference_id is None)
        if is_half or by_reference == (self.command_id is not None):
            raise ValueError("name reference_type and reference_id, or command_id")
        return self

    def named(self) -> Named:
        """How the ledger calls it."""
        if self.reference_type is None or self.reference_id is None:
            return self.command_id or ""
        return Reference(ReferenceType(self.reference_type), self.reference_id)


@router.post("/undo", **operation(Right.OPERATE, Undone, *UNDO_REFUSALS, "import_not_ready"))
def take_back(
    writer: Writer,
    body: UndoBody,
    dry_run: Annotated[
        bool, Query(description="true: change nothing, show what would happen.")
    ] = False,
) -> Response:
    """Take back an import, receipt, adjustment, count or transfer, by events that negate it.

    What happened since stays: a count is taken back by its difference, not by setting the old
    number. Holds and orders are not touched. A group is taken back once; asking again is answered
    as the first time, and the undo itself cannot be taken back: adjust instead.

    With `dry_run=true` nothing happens, and `preview` shows what would: the first 1,000 lines,
    those that break first.
    """
    if dry_run:
        return _preview(writer.visit, body.named())
    ask = GroupUndo(body.named(), UndoHow(body.how))
    result = undo_group(writer.visit.environment.ledger, writer.asked(), ask)
    if isinstance(result, Accepted):
        answer = msgspec.json.encode({"undo": msgspec.Raw(result.answer), "preview": None})
        result = Accepted(result.command_id, answer.decode(), result.replayed)
    return answered(result)


def _preview(visit: Visit, named: Named) -> Response:
    environment = visit.environment
    with environment.database.snapshot() as connection:
        found = preview_undo(connection, named, now=environment.clock())
    if isinstance(found, Refusal):
        raise Refused(problem_of(found))
    return shown(Undone(None, msgspec.structs.replace(found, lines=found.lines[:LARGEST_PAGE])))
