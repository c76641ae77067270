"""What a refusal says, in the reader's language; one table a language, keyed by `code`."""

from collections.abc import Iterable, Mapping
from typing import Literal

from onhand.web.messages.en import ENGLISH
from onhand.web.messages.ja import JAPANESE
from onhand.web.messages.text import Text
from onhand.web.messages.why import WHY
from onhand.web.messages.words import WORDS
from onhand.web.messages.zh import CHINESE

Language = Literal["en", "ja", "zh"]

TEXTS: dict[Language, dict[str, Text]] = {"en": ENGLISH, "ja": JAPANESE, "zh": CHINESE}

__all__ = ["TEXTS", "Language", "Text", "best_language", "say"]


def best_language(accept_language: str) -> Language:
    """The language an `Accept-Language` value likes best among ours; English when none is ours."""
    best: Language = "en"
    best_weight = 0.0
    for part in accept_language.split(","):
        tag, _, parameter = part.partition(";")
        name = tag.strip().lower().split("-")[0]
        weight = _weight(parameter)
        for language in TEXTS:
            if name == language and weight > best_weight:
                best, best_weight = language, weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def say(code: str, language: Language, facts: Mapping[str, object]) -> tuple[str, str]:
    """Title and detail of a refusal; `facts` fill the places its detail names."""
    text = TEXTS[language][code]
    words = _in_words(code, language, facts)
    for name, value in facts.items():
        if isinstance(value, list | tuple):
            words[name] = _BETWEEN[language].join(_items(code, language, value))
    why, allowed = WHY[language].get(str(facts.get("why"))), facts.get("allowed")
    if why is not None and isinstance(allowed, list | tuple):
        words["why"] = why.format(*allowed, allowed=words["allowed"])
    return text.title, text.detail.format_map(words)


_BETWEEN = {"en": "; ", "ja": "、", "zh": "；"}


def _in_words(code: str, language: Language, facts: Mapping[str, object]) -> dict[str, object]:
    told = dict(facts)
    for name, value in facts.items():
        word = WORDS[language].get(f"{code}.{name}", {}).get(str(value))
        if word is not None:
            told[name] = word.format_map(facts)
    return told


def _items(code: str, language: Language, values: Iterable[object]) -> Iterable[str]:
    each = TEXTS[language][code].each
    for value in values:
        if isinstance(value, Mapping) and each:
            yield each.format_map(_in_words(code, language, value))
        else:
            yield str(value)
