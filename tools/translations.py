"""Brings the console's catalogs up to date with its texts: `python -m tools.translations`.

English stands in the source. Each part of the console has a catalog of its own for each other
language; texts that another part has translated already are taken from there. Prints what is left
to translate and exits 1 when there is anything, or, with `--check`, when a catalog is out of date.
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

CONSOLE = Path(__file__).resolve().parent.parent / "src/onhand/web/console"
LANGUAGES = ("ja", "zh")
FRAME = "frame"
_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "mark": None, "text": None}
_OPTIONS = {"trimmed": "true", "silent": "false"}
_HEAD = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural}\\n"

"""


def part_of(file: Path) -> str:
    """The part of the console that a source file belongs to."""
    inner = file.relative_to(CONSOLE).parts
    if inner[0] == "templates" and len(inner) > 2:
        return inner[1]
    # A part with much to do has modules `<part>_<what>.py`.
    part = file.stem.partition("_")[0]
    if inner[0] == "pages" and (CONSOLE / "templates" / part).is_dir():
        return part
    return FRAME


def sources() -> Iterator[Path]:
    """Every file of the console that can hold texts."""
    yield from sorted(CONSOLE.rglob("*.py"))
    yield from sorted((CONSOLE / "templates").rglob("*.html"))


def extract_texts() -> dict[str, Catalog]:
    """The texts of each part, without translations."""
    found: dict[str, Catalog] = {}
    for file in sources():
        method = "jinja2" if file.suffix == ".html" else "python"
        with file.open("rb") as source:
            texts = list(extract(method, source, _KEYWORDS, ["i18n:"], _OPTIONS))
        for _, text, comments, _ in texts:
            catalog = found.setdefault(part_of(file), Catalog())
            place = (file.relative_to(CONSOLE).as_posix(), None)
            catalog.add(text, locations=[place], auto_comments=comments)  # type: ignore[list-item]
    return found


def catalog_file(language: str, part: str) -> Path:
    """Where a part's translations lie."""
    return CONSOLE / "locale" / language / "LC_MESSAGES" / f"{part}.po"


def read_catalogs(language: str) -> dict[str, Catalog]:
    """The translations of every part, as they are committed."""
    found = {}
    for file in sorted(catalog_file(language, FRAME).parent.glob("*.po")):
        with file.open("rb") as source:
            found[file.stem] = read_po(source, locale=language)
    return found


def updated(language: str) -> dict[str, bytes]:
    """What every catalog of a language should be, as far as translations are known."""
    known = read_catalogs(language)
    elsewhere = {
        message.id: message.string
        for catalog in known.values()
        for message in catalog
        if message.id and message.string
    }
    result = {}
    for part, texts in extract_texts().items():
        made = Catalog(locale=language)
        old = known.get(part)
        for message in texts:
            if not message.id:
                continue
            translated = old.get(message.id) if old else None
            string = translated.string if translated and translated.string else None
            if string is None or not any(string):
                string = elsewhere.get(message.id)
            made.add(
                message.id,
                string,
                locations=message.locations,
                flags=message.flags,
                auto_comments=message.auto_comments,
            )
        written = BytesIO()
        write_po(written, made, width=100, omit_header=True, include_lineno=False)
        head = _HEAD.format(language=language, plural=made.plural_forms)
        result[part] = head.encode() + written.getvalue()
    return result


def untranslated(language: str) -> list[str]:
    """What is not translated, by part."""
    return [
        f"{language}/{part}: {message.id}"
        for part, catalog in read_catalogs(language).items()
        for message in catalog
        if message.id and (message.fuzzy or not message.string or not all(_forms(message.string)))
    ]


def _forms(string: str | list[str] | tuple[str, ...]) -> list[str]:
    return [string] if isinstance(string, str) else list(string)


def outdated() -> list[str]:
    """The catalogs that differ from what the sources ask for."""
    found = []
    for language in LANGUAGES:
        wanted = {catalog_file(language, p): text for p, text in updated(language).items()}
        there = set(catalog_file(language, FRAME).parent.glob("*.po"))
        found += list(there - wanted.keys())
        found += [f for f, t in wanted.items() if f not in there or f.read_bytes() != t]
    return sorted(file.relative_to(CONSOLE).as_posix() for file in found)


def update() -> None:
    """Write every catalog anew; those without texts go."""
    for language in LANGUAGES:
        wanted = updated(language)
        for part in read_catalogs(language).keys() - wanted.keys():
            catalog_file(language, part).unlink()
        for part, text in wanted.items():
            file = catalog_file(language, part)
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.exists() or file.read_bytes() != text:
                file.write_bytes(text)


def main() -> int:
    """Update, or only check; 0 when everything is translated and up to date."""
    complaints = []
    if "--check" in sys.argv:
        complaints = [f"{file}: run python -m tools.translations" for file in outdated()]
    else:
        update()
    complaints += [line for language in LANGUAGES for line in untranslated(language)]
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
