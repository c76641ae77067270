"""Rules that make a SKU code out of several columns: `{sku}-{colour}-{size}`."""

import string
from collections.abc import Mapping
from dataclasses import dataclass

from onhand.imports.model.choices import Role
from onhand.imports.model.refusals import InvalidRule, RuleFault

FIELDS: Mapping[str, Role] = {
    "sku": Role.SKU,
    "manage": Role.MANAGE_NUMBER,
    "number": Role.ITEM_NUMBER,
    "variant": Role.VARIANT,
    "system": Role.SYSTEM_SKU,
    "colour": Role.COLOUR,
    "size": Role.SIZE,
}
MANAGE_AND_VARIANT = "{manage}-{variant}"
_LONGEST = 200  # characters


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that was understood: what stands before each column, the columns, what ends it."""

    parts: tuple[tuple[str, Role], ...]
    ending: str


def parse_rule(text: str) -> Rule | InvalidRule:
    """The rule a text states; columns are named in braces, anything else is written as it is."""
    if len(text) > _LONGEST:
        return _invalid(text[:_LONGEST], RuleFault.TOO_LONG)
    parts: list[tuple[str, Role]] = []
    before = ""
    try:
        for literal, name, spec, conversion in string.Formatter().parse(text):
            before += literal
            if name is None:
                continue
            if name not in FIELDS or spec or conversion:
                return _invalid(text, RuleFault.UNKNOWN_COLUMN)
            parts.append((before, FIELDS[name]))
            before = ""
    except ValueError:
        return _invalid(text, RuleFault.UNPAIRED_BRACES)
    if not parts:
        return _invalid(text, RuleFault.NO_COLUMN)
    return Rule(tuple(parts), before)


def _invalid(text: str, why: RuleFault) -> InvalidRule:
    return InvalidRule(text, why, tuple(f"{{{field}}}" for field in FIELDS))


def compose(rule: Rule, values: Mapping[Role, str]) -> str:
    """The code of these values, empty when the first column is.

    A column that is empty takes what stands before it along: no `yf-1063--s`.
    """
    first = rule.parts[0][1]
    if not values.get(first):
        return ""
    made = [before + values[role] for before, role in rule.parts if values.get(role)]
    return "".join(made) + rule.ending
