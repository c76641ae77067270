"""Every nasty file of the corpus is read as expected.toml says."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from onhand.imports.model.choices import Choices
from onhand.imports.model.refusals import FileRefused
from tests.imports.reading.tell import read, tell

CORPUS = Path(__file__).parents[1] / "corpus"
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads(
    (CORPUS / "expected.toml").read_text(encoding="utf-8")
)


def test_every_file_of_the_corpus_is_expected() -> None:
    files = {path.name for path in CORPUS.iterdir()} - {"expected.toml", ".gitattributes"}

    assert files == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_file_is_read_as_expected(name: str) -> None:
    expected = dict(EXPECTED[name])
    choices = Choices(**expected.pop("choices", {}))

    assert told(CORPUS / name, choices) == expected


def told(path: Path, choices: Choices) -> dict[str, object]:
    try:
        facts, rows = read(path, choices)
    except FileRefused as refused:
        found = getattr(refused.refusal, "found", "")
        return {"refused": f"{refused.refusal.code} {found}".strip()}
    return {
        "read": f"{facts.form} {facts.encoding} {facts.layout} {facts.header_line}",
        "evidence": " ".join(one.code for one in facts.evidence),
        "rows": [tell(row) for row in rows],
    }
