"""What an entry of the audit trail changed, one value a line."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from onhand.access.queries import AuditView

MOST = 30
# What tells the members of a list apart.
_IDENTITY = ("sku", "location", "store", "listing", "name")
# They say when and how often something was written, which the entry says itself.
_SILENT = frozenset({"created_at", "updated_at", "recorded_at", "version"})
_Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """One value; `about` says of what it is where there are several, None: there was none."""

    about: str
    field: str
    before: object
    after: object


def changes_of(entry: AuditView) -> list[Changed]:
    """What differs between before and after; of something new or gone, all of it."""
    before, after = _values(entry.before), _values(entry.after)
    return [
        Changed(" · ".join(path[:-1]), path[-1], before.get(path), after.get(path))
        for path in {**after, **before}
        if before.get(path) != after.get(path) and path[-1] not in _SILENT
    ]


def _values(raw: Any) -> dict[_Path, object]:
    if raw is None:
        return {}
    found: dict[_Path, object] = {}
    for path, value in _leaves(json.loads(bytes(raw)), (), ()):
        short = (*path.about, path.inner[-1] if path.inner else "")
        # Where a store or SKU lies in another object, it is still the same one.
        found[short if short not in found else (*path.about, *path.inner)] = value
    return found


@dataclass(frozen=True, slots=True)
class _Place:
    about: _Path
    inner: _Path


def _leaves(value: Any, about: _Path, inner: _Path) -> Iterator[tuple[_Place, object]]:
    """Every value that is not made of others, with where it stands."""
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield from _leaves(member, about, (*inner, name))
    elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        for number, one in enumerate(value, 1):
            named = [str(one[name]) for name in _IDENTITY if isinstance(one.get(name), str)][:2]
            rest = {n: v for n, v in one.items() if n not in _IDENTITY or str(v) not in named}
            yield from _leaves(rest, (*about, *(named or [str(number)])), inner)
    elif isinstance(value, list):
        yield _Place(about, inner), ", ".join(map(str, value)) or None
    else:
        yield _Place(about, inner), value
