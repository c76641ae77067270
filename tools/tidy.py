"""Checks the budgets and habits of the house that no linter knows: `python -m tools.tidy`.

Prints `path:line: message` for each finding and exits 1 when there is one. An old offender may be
tolerated in tools/tidy_allowed.json with its present size; it may shrink, never grow, and an
entry that tolerates more than there is fails too.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tools.tidy_rules import SYNTAX_RULES, check_text
from tools.tidy_source import Finding, Source

FOLDERS = ("src", "frontend/src", "tools", "benchmarks", "tests", "docs", ".ci")
TEXT_SUFFIXES = frozenset(
    {"", ".cfg", ".css", ".html", ".ini", ".js", ".json", ".lock", ".md", ".py", ".sh", ".toml"}
    | {".txt", ".yaml", ".yml"}
)
ALLOWED_FILE = "tools/tidy_allowed.json"


def find_sources(root: Path) -> Iterator[Source]:
    """The project's own text files below `root`, caches and results left out."""
    paths = [p for p in root.iterdir() if p.is_file()]
    for folder in FOLDERS:
        paths += [p for p in (root / folder).rglob("*") if p.is_file()]
    for path in sorted(paths):
        inner = path.relative_to(root).parts
        hidden = any(part.startswith(".") and part != ".ci" for part in inner)
        skipped = not {"__pycache__", "static"}.isdisjoint(inner)  # made, not written
        skipped |= inner[:2] == ("benchmarks", "results")
        if path.suffix in TEXT_SUFFIXES and not hidden and not skipped:
            yield Source(root, path)


def check_file(source: Source) -> Iterator[Finding]:
    """All findings of one file, tolerated or not."""
    yield from check_text(source)
    if source.is_python:
        for rule in SYNTAX_RULES:
            yield from rule(source)


def apply_ratchet(findings: list[Finding], allowed: dict[str, dict[str, int]]) -> Iterator[str]:
    """The lines to print: findings beyond what is tolerated, and entries that tolerate too much."""
    present: defaultdict[tuple[str, str], int] = defaultdict(int)
    for finding in findings:
        present[finding.rule, finding.subject] += finding.size
    for finding in findings:
        tolerated = allowed.get(finding.rule, {}).get(finding.subject, 0)
        if present[finding.rule, finding.subject] > tolerated:
            yield f"{finding.path}:{finding.line}: {finding.message} [{finding.rule}]"
    for rule, subjects in allowed.items():
        for subject, size in subjects.items():
            now = present[rule, subject]
            if now < size:
                action = f"lower it to {now}" if now else "remove it"
                yield f"{ALLOWED_FILE}:1: {rule} of {subject} allows {size}: {action} [stale]"


def check_project(root: Path) -> list[str]:
    """Every complaint about the project at `root`, one line each."""
    findings = [f for source in find_sources(root) for f in check_file(source)]
    allowed = json.loads((root / ALLOWED_FILE).read_text(encoding="utf-8"))
    return list(apply_ratchet(findings, allowed))


def main() -> int:
    """Check the project this file belongs to; 0 when tidy, 1 otherwise."""
    complaints = check_project(Path(__file__).resolve().parent.parent)
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
