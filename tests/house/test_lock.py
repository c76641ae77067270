"""The lock files pin what pyproject.toml asks for, and say nothing of where it comes from."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ; [^\\]+)? \\$")


def pins(lock: str) -> dict[str, str]:
    """Name and version of every package in a lock file."""
    found = map(PIN.match, (ROOT / lock).read_text(encoding="utf-8").splitlines())
    return {pin["name"]: pin["version"] for pin in found if pin}


def asked(*groups: str) -> list[Requirement]:
    """What pyproject.toml asks for: the package's own needs and those of the groups."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    entries = [entry for group in groups for entry in project["dependency-groups"][group]]
    wanted = [*project["project"]["dependencies"], *(e for e in entries if isinstance(e, str))]
    return [Requirement(line) for line in wanted]


@pytest.mark.parametrize(
    ("lock", "groups"), [(LOCKS[0], ["build"]), (LOCKS[1], ["build", "dev"])], ids=LOCKS
)
def test_every_dependency_is_pinned_within_its_range(lock: str, groups: list[str]) -> None:
    locked = pins(lock)
    outside = [
        str(requirement)
        for requirement in asked(*groups)
        if (version := locked.get(canonicalize_name(requirement.name))) is None
        or version not in requirement.specifier
    ]

    assert outside == [], "run `make lock`"


def test_the_program_runs_on_what_was_tested() -> None:
    assert pins(LOCKS[0]).items() <= pins(LOCKS[1]).items()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_pins_hashes_and_reasons_alone(lock: str) -> None:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    hash_line = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")
    strange = [
        line
        for line in lines
        if not (PIN.match(line) or hash_line.match(line) or re.match(r"^\s*#[^/:]*", line))
    ]
    addresses = [line for line in lines if "://" in line or re.search(r"\s/\w", line)]
    pinned_without_hash = [
        line
        for line, following in pairwise(lines)
        if PIN.match(line) and not hash_line.match(following)
    ]

    assert strange == []
    assert addresses == []
    assert pinned_without_hash == []
