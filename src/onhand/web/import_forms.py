"""The form that comes with a file: how it is to be read, and what it may do."""

import json
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from onhand.access.model import has_control_characters
from onhand.catalog.model.stores import normalise_store
from onhand.imports.commands.files import keep_file
from onhand.imports.model.choices import Choices, Role, SkuFrom
from onhand.imports.model.plan import Mode, StockMode, Terms, ZeroMode
from onhand.imports.model.refusals import FileTooLarge
from onhand.imports.model.wishes import Wish
from onhand.web.errors import Refused, problem_of
from onhand.web.fields import Location, StoreId
from onhand.web.guard import Visit
from onhand.web.handlers import invalid_request
from onhand.web.uploads import MULTIPART, Upload
from onhand.web.visits import invalid

_LONGEST = 255
_TEXT = r"^[^\u0000-\u001f\u007f-\u009f]+$"


def _plain(text: str) -> str:
    if has_control_characters(text):
        raise ValueError("no control characters")
    return text


def _read_mapping(raw: object) -> object:
    if not isinstance(raw, str):
        return raw
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ValueError("a JSON object of roles and column names") from error


_Plain = Annotated[
    str, AfterValidator(_plain), Field(min_length=1, max_length=_LONGEST, pattern=_TEXT)
]


class PreviewForm(BaseModel):
    """A file, or one that was given before, and how it is to be taken."""

    model_config = ConfigDict(extra="forbid")
    file_id: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = Field(
        None, description="Instead of a file: the SHA-256 of one that was given before."
    )
    store: Annotated[StoreId, AfterValidator(normalise_store)] | None = Field(
        None, description="Whose listings the file names, and whose choices are remembered."
    )
    mode: Mode = Field(
        Mode.RESET_STOCK, description="`metadata_only` leaves stock alone, whatever it says."
    )
    stock: StockMode = Field(
        StockMode.SKIP_ZERO,
        description="What a quantity does: `replace` sets on hand, `add` receives, `skip_zero` "
        "sets it and takes nothing from rows with 0.",
    )
    zero: ZeroMode = Field(
        ZeroMode.SET_ZERO, description="What 0 and less mean; see the table in the reference."
    )
    location: Location = "main"
    encoding: _Plain | None = Field(None, description="Instead of the one that is found.")
    delimiter: Annotated[str, Field(min_length=1, max_length=8)] | None = Field(
        None, description="Instead of the one that is found."
    )
    sheet: _Plain | None = Field(None, description="Of a workbook.")
    mapping: Annotated[
        dict[Role, _Plain], BeforeValidator(_read_mapping), Field(max_length=len(Role))
    ] = Field({}, description="The header of a role's column, as a JSON object.")
    sku_from: SkuFrom = Field(SkuFrom.AUTO, description="Which column becomes the SKU code.")
    compose: _Plain | None = Field(
        None, description="A rule for the code, such as `{sku}-{colour}-{size}`."
    )
    skip_no_sku: bool = Field(True, description="false: a row without a SKU is a bad one.")
    narrow_codes: bool = Field(
        False, description="true: full-width letters and digits of codes become the usual ones."
    )
    again: bool = Field(
        False, description="true: a file that was brought in before may be brought in again."
    )

    def wish(self, visit: Visit, upload: Upload, limit_bytes: int) -> Wish:
        """What is asked for, its file kept.

        Raises:
            Refused: there is no file, or it is larger than is taken.
            DatabaseUnavailable: it was not kept.
        """
        terms = Terms(self.mode, self.stock, self.zero, self.location, self.store)
        choices = Choices(
            encoding=self.encoding,
            delimiter=self.delimiter,
            sheet=self.sheet,
            mapping=self.mapping,
            sku_from=self.sku_from,
            compose=self.compose,
            skip_no_sku=self.skip_no_sku,
            narrow_codes=self.narrow_codes,
        )
        if (upload.file is None) == (self.file_id is None):
            raise invalid("body.file", "send the file, or file_id of one that was sent before")
        name, file_id = upload.name, self.file_id
        if upload.file is not None:
            upload.file.seek(0, 2)
            size = upload.file.tell()
            if size > limit_bytes:
                raise Refused(problem_of(FileTooLarge(size, limit_bytes)))
            environment = visit.environment
            kept = keep_file(
                environment.database,
                upload.file,
                by=visit.principal.name,
                now=environment.clock(),
            )
            file_id = kept.file_id
        return Wish(file_id or "", name, terms, choices, self.again)


def read_form(upload: Upload) -> PreviewForm:
    """The fields of the form.

    Raises:
        Refused: one of them is unknown or wrong.
    """
    try:
        return PreviewForm.model_validate(upload.fields)
    except ValidationError as error:
        errors = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
        raise Refused(invalid_request(errors)) from error


def _body() -> dict[str, Any]:
    schema = PreviewForm.model_json_schema()
    definitions = schema.pop("$defs", {})
    whole = _inlined(schema, definitions)  # a form has no place for definitions
    file = {"type": "string", "format": "binary", "description": "A CSV, TSV or XLSX file."}
    whole["examples"] = [{"file": "sku,quantity\nce1111,47\n", "stock": "replace"}]
    whole["properties"] = {"file": file, **whole["properties"]}
    return {"required": True, "content": {MULTIPART: {"schema": whole}}}


def _inlined(value: Any, definitions: dict[str, Any]) -> Any:
    """A schema with what it refers to written in."""
    if isinstance(value, list):
        return [_inlined(one, definitions) for one in value]
    if not isinstance(value, dict):
        return value
    name = str(value.get("$ref", "")).rpartition("/")[2]
    merged = {**definitions.get(name, {}), **value}
    merged.pop("$ref", None)
    return {key: _inlined(one, definitions) for key, one in merged.items()}


PREVIEW_BODY = _body()
