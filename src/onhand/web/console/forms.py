"""What a person entered, and what is wrong with it in their own language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.datastructures import FormData

from onhand.web.console.languages import Reader, mark

# What pydantic found wrong, as a person is told; anything else is "not acceptable".
_WRONG = {
    "missing": mark("Please fill this in."),
    "string_too_short": mark("Too short: at least %(min_length)s characters."),
    "string_too_long": mark("Too long: at most %(max_length)s characters."),
    "string_pattern_mismatch": mark("This does not have the expected form."),
    "int_parsing": mark("Please enter a whole number."),
    "int_from_float": mark("Please enter a whole number."),
    "float_parsing": mark("Please enter a number."),
    "greater_than": mark("Must be more than %(gt)s."),
    "greater_than_equal": mark("Must be at least %(ge)s."),
    "less_than": mark("Must be less than %(lt)s."),
    "less_than_equal": mark("Must be at most %(le)s."),
    "literal_error": mark("Please choose one of the values offered."),
    "enum": mark("Please choose one of the values offered."),
    "date_from_datetime_parsing": mark("Please enter a day."),
    "date_parsing": mark("Please enter a day."),
    "datetime_parsing": mark("Please enter a day and a time."),
}
_OTHERWISE = mark("This value cannot be used.")


class Form(BaseModel):
    """What a form's fields become; an empty field counts as not filled in."""

    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=True)


class Verbatim(BaseModel):
    """The same for a form with a password: spaces around a value stay."""

    model_config = ConfigDict(extra="ignore", frozen=True)


F = TypeVar("F", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Entered:
    """The fields of a form as they were entered, and what is wrong with them, by field."""

    values: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    def because(self, name: str, text: str) -> "Entered":
        """The same with one more thing wrong."""
        return Entered(self.values, {**self.errors, name: text})


def read_form(model: type[F], sent: FormData, reader: Reader) -> F | Entered:
    """The form, or what was entered with what is wrong."""
    values = _values(model, sent)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        errors = {str(one["loc"][0]): _say(one, reader) for one in error.errors() if one["loc"]}
        return Entered(values, errors)


def read_filters(model: type[F], sent: Mapping[str, str]) -> F:
    """What a list is narrowed down by; a value that cannot be is left out.

    Every field of `model` needs a default.
    """
    values = {name: text for name, text in sent.items() if text.strip()}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        wrong = {one["loc"][0] for one in error.errors() if one["loc"]}
        return model.model_validate({n: v for n, v in values.items() if n not in wrong})


def _values(model: type[BaseModel], sent: FormData) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        given = [value for value in sent.getlist(info.alias or name) if value != ""]
        if given:
            takes_many = getattr(info.annotation, "__origin__", None) in {list, tuple}
            values[info.alias or name] = given if takes_many else given[-1]
    return values


def _say(error: Any, reader: Reader) -> str:
    if error["type"] == "value_error":
        return reader.gettext(str(error["ctx"]["error"]))
    message = reader.gettext(_WRONG.get(error["type"], _OTHERWISE))
    return message % error.get("ctx", {}) if "%(" in message else message
