"""Refusals: one list of codes in the code, the messages of three languages and the reference."""

import re
from pathlib import Path
from string import Formatter

import msgspec
import pytest

from onhand.access.model import IdempotencyConflict, Refusal
from onhand.catalog.model.stores import InvalidCredentials, InvalidStoreField, Why
from onhand.imports.model.refusals import Found, RuleFault, UnreadableFile
from onhand.imports.model.states import ImportState
from onhand.imports.model.wishes import ImportNotReady
from onhand.stock.model.refusals import (
    Broken,
    InsufficientStock,
    Shortage,
    UndoBreaks,
    UnknownSku,
)
from onhand.web.errors import STATUSES, Problem, problem_of, render
from onhand.web.messages import TEXTS, Language, best_language
from onhand.web.messages.why import WHY
from onhand.web.messages.words import WORDS
from onhand.web.openapi import refusal_kinds
from tests.web.client import Api, cart

ROOT = Path(__file__).parents[2]
ERRORS = ROOT / "docs/reference/errors.md"


def fields(text: str) -> set[str]:
    """The places a message has for facts."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_refusal_has_a_status() -> None:
    assert refusal_kinds().keys() <= STATUSES.keys()


@pytest.mark.parametrize("language", TEXTS)
def test_every_code_has_a_message_in_every_language(language: Language) -> None:
    texts = TEXTS[language]

    assert texts.keys() == STATUSES.keys()
    for code, text in texts.items():
        english = TEXTS["en"][code]
        assert text.title
        assert text.detail
        # No fact may be lost in translation, but for a reference the title already implies.
        assert fields(text.detail) == fields(english.detail), code
        assert fields(text.each) == fields(english.each), code


def test_messages_name_facts_that_exist() -> None:
    for code, kind in refusal_kinds().items():
        facts = {*kind.__dataclass_fields__}
        assert fields(TEXTS["en"][code].detail) <= facts, code


@pytest.mark.parametrize("language", TEXTS)
def test_every_reason_is_told_in_every_language(language: Language) -> None:
    assert WHY[language].keys() == {why.value for why in Why}
    for why, text in WHY[language].items():
        assert sorted(places(text)) == sorted(places(WHY["en"][why])), why


@pytest.mark.parametrize("language", TEXTS)
def test_words_among_the_facts_are_told_in_every_language(language: Language) -> None:
    assert WORDS[language].keys() == WORDS["en"].keys()
    assert WORDS[language]["unreadable_file.found"].keys() == {*Found}
    assert WORDS[language]["invalid_code_rule.why"].keys() == {*RuleFault}
    assert WORDS[language]["import_not_ready.state"].keys() == {*ImportState}
    for fact, words in WORDS["en"].items():
        told = WORDS[language][fact]
        assert {word: fields(told[word]) for word in told} == {
            word: fields(words[word]) for word in words
        }


@pytest.mark.parametrize(
    ("refusal", "detail"),
    [
        (
            UnreadableFile(Found.TOO_DEMANDING),
            "ブックの読み取りに、メモリまたは時間がかかりすぎます。シートをCSVで保存してください。",
        ),
        (
            ImportNotReady("1", "undone"),
            "取込 1 の状態は「取り消し済み」のため、この操作はできません。",
        ),
        (
            InvalidStoreField("tokyo", "settings.poll_interval_s", Why.OUT_OF_RANGE, ("10", "90")),
            "tokyo の settings.poll_interval_s は保存できません：10〜90の整数にしてください。",
        ),
        (
            InvalidStoreField("t", "settings.x", Why.NO_SETTING, ("a", "b")),
            "t の settings.x は保存できません：この設定はありません。設定できるのは a、b です。",
        ),
        (
            InvalidCredentials("tokyo", "license_key", Why.MISSING),
            "tokyo の license_key はキーとして使えません：入力されていません。",
        ),
    ],
)
def test_words_and_reasons_are_told_in_the_readers_language(refusal: Refusal, detail: str) -> None:
    body = msgspec.json.decode(render(problem_of(refusal), "ja").body)

    assert body["detail"] == detail


def test_what_breaks_is_told_with_its_facts() -> None:
    gone = Broken("a", "main", -5, "units_gone", 2)

    body = msgspec.json.decode(render(problem_of(UndoBreaks("import:1", 1, (gone,))), "en").body)

    assert body["detail"] == (
        "What cannot be taken back of import:1 (1 in all): a at main: -5 "
        "(2 of them sold, held or moved since). Take back what is possible, or nothing."
    )


def places(text: str) -> list[str]:
    """Every place a text has for facts, numbered ones too."""
    return [name for _, name, _, _ in Formatter().parse(text) if name is not None]


def test_the_reference_lists_every_code_with_its_status() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| (\d{3}) \| ([^|]+) \| ([^|]+) \|$", ERRORS.read_text(), flags=re.MULTILINE
    )

    assert {code: int(status) for code, status, _, _ in rows} == STATUSES
    assert len(rows) == len(STATUSES)


def test_a_refusal_is_rendered_with_its_facts() -> None:
    refusal = InsufficientStock((Shortage("a", 5, 2), Shortage("b", 1, 0)))

    rendered = render(problem_of(refusal), "en")

    assert rendered.status == 409
    assert msgspec.json.decode(rendered.body) == {
        "type": "/docs/errors#insufficient_stock",
        "title": "Not enough stock",
        "status": 409,
        "detail": "Too few units are available: a: 5 asked, 2 left; b: 1 asked, 0 left.",
        "code": "insufficient_stock",
        "shortages": [
            {"sku": "a", "asked": 5, "left": 2},
            {"sku": "b", "asked": 1, "left": 0},
        ],
    }


def test_braces_in_facts_are_just_text() -> None:
    rendered = render(problem_of(UnknownSku(("{sku}", "{0}"))), "zh")

    assert "{sku}、{0}" in rendered.body.decode() or "{sku}；{0}" in rendered.body.decode()


def test_an_owners_key_is_shown_as_it_was_sent() -> None:
    assert problem_of(IdempotencyConflict("ann·k-1")).facts["idempotency_key"] == "k-1"


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("", "en"),
        ("ja", "ja"),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh"),
        ("fr, ja;q=0.5, en;q=0.4", "ja"),
        ("en;q=0.1, ja;q=0.9", "ja"),
        ("ja;q=0", "en"),
        ("ja;q=x", "en"),
        ("*", "en"),
        (";;;,,,", "en"),
    ],
)
def test_the_language_is_the_one_the_reader_likes_best(wanted: str, language: str) -> None:
    assert best_language(wanted) == language


def test_refusals_speak_the_readers_language(shop: Api) -> None:
    for wanted, title in (("ja-JP", "在庫が足りません"), ("zh-CN", "库存不足"), ("de", "Not en")):
        for body in (cart(quantity=99), cart(quantity=99, owner=None)):
            answer = shop.send(
                "POST",
                "/inventory/reserve/cart",
                json=body,
                headers={"Accept-Language": wanted},
            )
            assert answer.json()["title"].startswith(title)
            assert answer.headers["content-language"] == wanted[:2].replace("de", "en")
            assert answer.headers["vary"] == "Accept-Language"


def test_every_status_that_means_later_says_when() -> None:
    headers = dict(render(Problem("shutting_down"), "en").headers)

    assert int(headers[b"retry-after"]) > 0
