"""Every text of the console exists in every language, and every template takes it from there."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po

from onhand.access.model import Role
from onhand.web.console.languages import Reader
from tests.web.console.conftest import AsRole
from tools import translations

TEMPLATES = sorted((translations.CONSOLE / "templates").rglob("*.html"))
# Names that are the same in every language.
NAMES = {"Onhand"}
SHOWN = {"alt", "aria-label", "placeholder", "title"}
_CJK = re.compile("[\u3040-\u30ff\u4e00-\u9fff]+")
_SCROLLING = re.compile(r'<div class="table-responsive"[^>]*>')


def test_catalogs_hold_what_the_sources_say() -> None:
    assert translations.outdated() == [], "run python -m tools.translations"


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_nothing_is_left_to_translate(language: str) -> None:
    assert translations.untranslated(language) == []


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_translations_have_the_same_places_and_one_meaning(language: str) -> None:
    meanings: dict[object, object] = {}
    for part, catalog in translations.read_catalogs(language).items():
        for message in catalog:
            if not message.id:
                continue
            texts = message.id if isinstance(message.id, tuple | list) else [message.id]
            made = message.string if isinstance(message.string, tuple | list) else [message.string]
            for text in made:
                assert places(str(text)) == places(texts[-1]), (part, message.id)
            assert meanings.setdefault(tuple(texts), message.string) == message.string, texts


@pytest.mark.parametrize("path", ["/people", "/tokens", "/stock/-/new", "/stores/new", "/settings"])
def test_a_page_is_in_the_language_of_who_reads_it_second(as_role: AsRole, path: str) -> None:
    assert _CJK.search(as_role(Role.ADMIN, language="ja").get(path))
    english = as_role(Role.ADMIN, language="en").get(path)
    assert set(_CJK.findall(english)) <= {"日本語", "中文"}


def places(text: str) -> list[str]:
    """The places in a text that values fill."""
    return sorted(re.findall(r"%\(\w+\)s|%%|%\(num\)s", text))


class _Texts(HTMLParser):
    """Collects what a reader would see."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._silent += tag in {"kbd", "script"}
        self.found += [value or "" for name, value in attributes if name in SHOWN]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"kbd", "script"}

    def handle_data(self, data: str) -> None:
        if not self._silent:
            # A macro may make attributes, which then stand by themselves.
            self.found.append(re.sub(r'[\w-]+="[^"]*"', "", data))


def bare_texts(template: str) -> list[str]:
    """Words of a template that no catalog knows."""
    template = re.sub(r"{#.*?#}", "", template, flags=re.DOTALL)
    template = re.sub(r"{%-?\s*trans\b.*?endtrans\s*-?%}", "", template, flags=re.DOTALL)
    template = re.sub(r"{{.*?}}|{%.*?%}", "", template, flags=re.DOTALL)
    parser = _Texts()
    parser.feed(template)
    words = [re.sub(r"[^\w]+", " ", text).strip() for text in parser.found]
    return [word for word in words if re.search(r"[^\W\d_]", word) and word not in NAMES]


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.stem)
def test_templates_have_no_text_of_their_own(file: Path) -> None:
    assert bare_texts(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "template",
    [
        "<p>Stock</p>",
        "{{ m.icon('x') }} Stock",
        '<img alt="A cup">',
        "{% if x %}在庫{% endif %}",
        '<input placeholder="Code">',
    ],
)
def test_a_text_outside_the_catalogs_is_found(template: str) -> None:
    assert bare_texts(template)


def test_every_icon_that_is_named_is_built() -> None:
    names = set((translations.CONSOLE.parents[3] / "frontend/src/icons.txt").read_text().split())
    source = "".join(file.read_text(encoding="utf-8") for file in translations.sources())
    used = set(re.findall(r"""(?:icon\(|sign=|icon=)["']([a-z0-9-]+)["']""", source))

    assert used - names == set()
    assert len(used) > 20


def test_what_scrolls_sideways_can_be_reached_by_keyboard() -> None:
    scrolling = [text for file in TEMPLATES for text in _SCROLLING.findall(file.read_text("utf-8"))]

    assert len(scrolling) > 40
    assert [text for text in scrolling if 'tabindex="0"' not in text] == []


def test_catalogs_are_well_formed() -> None:
    for language in translations.LANGUAGES:
        for part in translations.read_catalogs(language):
            with translations.catalog_file(language, part).open("rb") as file:
                read_po(file, locale=language, abort_invalid=True)


def test_numbers_and_lengths_are_written_as_each_language_does() -> None:
    moment = datetime(2026, 3, 1, 15, 30, tzinfo=UTC)
    written = {}
    for language in ("en", "ja", "zh"):
        reader = Reader(language, ZoneInfo("Asia/Tokyo"))
        assert reader.number(1234567) == "1,234,567"
        assert (reader.signed(5), reader.signed(-5), reader.signed(0)) == ("+5", "−5", "±0")
        later = moment + timedelta(minutes=3)
        written[language] = (
            reader.moment(moment),
            reader.ago(moment, now=later),
            reader.duration(0.25),
            reader.duration(90),
        )
    assert written == {
        "en": ("2 Mar, 00:30", "3 min. ago", "0.2 sec", "2 min"),
        "ja": ("3月2日 00:30", "3 分前", "0.2 秒", "2 分"),
        "zh": ("3月2日 00:30", "3分钟前", "0.2秒", "2分钟"),
    }
