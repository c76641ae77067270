"""In which encoding a file is, and the evidence for it."""

import codecs
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from onhand.imports.model.choices import Choices
from onhand.imports.model.columns import KNOWN_WORDS, fold_header
from onhand.imports.model.facts import Evidence, EvidenceCode
from onhand.imports.model.refusals import FileRefused, Found, UnknownEncoding, UnreadableFile

KNOWN = ("utf-8", "utf-8-sig", "cp932", "gb18030", "utf-16", "utf-16-le", "utf-16-be")

_OTHER_NAMES = {
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "ms932", "windows-31j"), "cp932"),
    **dict.fromkeys(("gbk", "gb2312", "cp936"), "gb18030"),
    **dict.fromkeys(("utf8", "utf_8"), "utf-8"),
    **dict.fromkeys(("utf8-bom", "utf-8-bom", "utf_8_sig"), "utf-8-sig"),
    **dict.fromkeys(("utf16", "utf_16"), "utf-16"),
}
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HEAD = 65_536  # bytes in which headers are looked for
_TELLING = 65_536  # bytes of lines that are not ASCII, from anywhere in the file
_CHUNK = 1 << 17
_CLEAR = 0.2  # by how much more usual the characters of one reading must be than of another
_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\f\r"))
_MOST_CONTROLS = 0.08  # of the bytes; in what is no text they are a ninth
_LAST_COMMON_ROW = 0xD7  # of GB 2312, whose rows from there on hold rare characters
_HALF_WIDTH = 0.6  # how usual half-width kana are, which is what Chinese text would look like


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the bytes become text; `is_strict` when all of them do."""

    name: str
    is_strict: bool
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class _Reading:
    encoding: str
    words: tuple[str, ...]
    usual: float  # share of the characters beyond ASCII that such a text usually has


def canonical(name: str) -> str:
    """Our name of an encoding that a person has named.

    Raises:
        FileRefused: it is none that we read.
    """
    asked = name.strip().lower()
    found = _OTHER_NAMES.get(asked, asked)
    if found not in KNOWN:
        raise FileRefused(UnknownEncoding(name[:40], KNOWN))
    return found


def detect_encoding(path: Path, choices: Choices) -> Encoding:
    """The encoding of a file: chosen, told by its first bytes, or weighed.

    Raises:
        FileRefused: the choice is none that we read, or the bytes are no text.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if choices.encoding:
        chosen = canonical(choices.encoding)
        return _settle(path, chosen, Evidence(EvidenceCode.CHOSEN, {"encoding": chosen}))
    for mark, name in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return _settle(path, name, Evidence(EvidenceCode.BYTE_ORDER_MARK, {"encoding": name}))
    wide = _by_nul_pattern(head)
    if wide is not None:
        return _settle(path, wide, Evidence(EvidenceCode.NUL_PATTERN, {"encoding": wide}))
    if len(head) - len(head.translate(None, _CONTROLS)) > _MOST_CONTROLS * len(head):
        raise FileRefused(UnreadableFile(Found.BINARY))
    if first_undecodable(path, "utf-8") is None:
        valid = Evidence(EvidenceCode.VALID_THROUGHOUT, {"encoding": "utf-8"})
        return Encoding("utf-8", True, (valid,))
    name, *evidence = _weigh(path, head, choices)
    return _settle(path, name, *evidence)


def first_undecodable(path: Path, encoding: str) -> int | None:
    """The line, 1-based, of the first bytes that are no text in this encoding; None: all are."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    lines = 1
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            try:
                lines += decoder.decode(chunk).count("\n")
            except UnicodeDecodeError as error:
                return lines + error.object[: error.start].count(b"\n")
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return lines
    return None


def _settle(path: Path, name: str, *evidence: Evidence) -> Encoding:
    line = first_undecodable(path, name)
    if line is None:
        return Encoding(name, True, evidence)
    damage = Evidence(EvidenceCode.UNDECODABLE_FROM, {"encoding": name, "line": line})
    return Encoding(name, False, (*evidence, damage))


def _by_nul_pattern(head: bytes) -> str | None:
    pairs = len(head) // 2
    if pairs < 4:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 0.3 * pairs and even < 0.05 * pairs:
        return "utf-16-le"
    if even > 0.3 * pairs and odd < 0.05 * pairs:
        return "utf-16-be"
    return None


def _weigh(path: Path, head: bytes, choices: Choices) -> tuple[str, *tuple[Evidence, ...]]:
    telling = _telling_lines(path)
    readings = [_read_as(name, head, telling) for name in ("cp932", "gb18030", "utf-8")]
    best = max(readings, key=lambda one: (len(one.words), one.usual))
    rest = [one for one in readings if one is not best]
    if len(best.words) > max(len(one.words) for one in rest):
        words = {"encoding": best.encoding, "words": "、".join(best.words[:6])}
        return (best.encoding, Evidence(EvidenceCode.HEADER_WORDS, words))
    best = max(readings, key=lambda one: one.usual)
    second = max((one for one in readings if one is not best), key=lambda one: one.usual)
    if best.usual - second.usual >= _CLEAR:
        shares: dict[str, str | int] = {"encoding": best.encoding, "other": second.encoding}
        shares |= {"percent": round(100 * best.usual), "other_percent": round(100 * second.usual)}
        return (best.encoding, Evidence(EvidenceCode.USUAL_CHARACTERS, shares))
    if choices.likely_encoding:
        likely = canonical(choices.likely_encoding)
        return (likely, Evidence(EvidenceCode.LIKELY_FOR_STORE, {"encoding": likely}))
    return ("cp932", Evidence(EvidenceCode.NOTHING_TELLS, {"encoding": "cp932"}))


def _telling_lines(path: Path) -> bytes:
    found, size = [], 0
    with path.open("rb") as file:
        while size < _TELLING and (line := file.readline(_CHUNK)):
            if not line.isascii():
                found.append(line)
                size += len(line)
    return b"".join(found)


def _read_as(encoding: str, head: bytes, telling: bytes) -> _Reading:
    text = head.decode(encoding, "replace")
    cells = {
        cell.strip(' "\r')
        for line in text.split("\n")[:200]
        for separated in line.split("\t")
        for part in separated.split(",")
        for cell in part.split(";")
    }
    words = tuple(
        sorted(cell for cell in cells if not cell.isascii() and fold_header(cell) in KNOWN_WORDS)
    )
    counts = Counter(sign for sign in telling.decode(encoding, "replace") if sign > "\x7f")
    usual = sum(count * _usualness(sign, encoding) for sign, count in counts.items())
    return _Reading(encoding, words, usual / max(counts.total(), 1))


def _usualness(sign: str, encoding: str) -> float:
    if encoding == "cp932":
        if "\uff61" <= sign <= "\uff9f":
            return _HALF_WIDTH
        return 1.0 if _encoded(sign, "euc_jp") else 0.0
    if encoding == "gb18030":
        row = _encoded(sign, "gb2312")[:1]
        return 1.0 if row and row[0] <= _LAST_COMMON_ROW else 0.0
    return 0.0 if unicodedata.category(sign) in {"Cc", "Cn", "Co"} or sign == "\ufffd" else 1.0


def _encoded(sign: str, encoding: str) -> bytes:
    try:
        return sign.encode(encoding)
    except UnicodeEncodeError:
        return b""
