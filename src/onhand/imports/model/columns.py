"""Which column of a file means what, told by its name."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from onhand.imports.model.choices import Role

# The first alias that a file has wins, whatever the order of its columns.
ALIASES: Mapping[Role, tuple[str, ...]] = {
    Role.SKU: (
        *("SKU管理番号", "システム連携用SKU番号", "SKU", "sku", "sku_code", "sku_number"),
        *("seller-sku", "出品者SKU"),
    ),
    Role.QUANTITY: (
        *("在庫数", "数量", "库存", "库存数量", "quantity", "stock", "stock_quantity", "qty"),
    ),
    Role.MANAGE_NUMBER: ("商品管理番号（商品URL）", "商品管理番号", "manage_number"),
    Role.NAME: ("商品名", "商品名称", "item_name", "item-name", "name"),
    Role.IMAGE: (
        *("image_url", "imageUrl", "商品画像パス1", "商品画像パス", "image_path", "image"),
    ),
    Role.STORE: ("store_code", "store_id", "店铺编号", "store"),
    Role.COLOUR: ("color", "颜色", "バリエーション項目選択肢1", "option1", "variation1"),
    Role.SIZE: ("size", "尺寸", "バリエーション項目選択肢2", "option2", "variation2"),
    Role.VARIANT: ("SKU管理番号",),
    Role.SYSTEM_SKU: ("システム連携用SKU番号",),
    Role.ITEM_NUMBER: ("商品番号",),
}

_PRICE = re.compile(r"価格|价格|價格|単価|单价|定価|原価|售价|販売価|price|(?<![a-z])cost(?![a-z])")
_SPACES = re.compile(r"[\s\u200b\ufeff]+")


def fold_header(name: str) -> str:
    """A column's name for comparing: one width, one case, no spaces around or byte order mark."""
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", name).casefold()).strip()


_FOLDED = {role: tuple(map(fold_header, names)) for role, names in ALIASES.items()}
KNOWN_WORDS = frozenset(word for words in _FOLDED.values() for word in words)


def tell_apart(cells: Sequence[str]) -> tuple[str, ...]:
    """The names of a header's columns; one that came before gets its count behind it."""
    seen: Counter[str] = Counter()
    taken = set(map(str.strip, cells))
    names = []
    for cell in cells:
        name = _SPACES.sub(" ", cell).strip()
        seen[fold_header(name)] += 1
        count = seen[fold_header(name)]
        told = f"{name} ({count})" if name and count > 1 else name
        while told != name and told in taken:
            count += 1
            told = f"{name} ({count})"
        taken.add(told)
        names.append(told)
    return tuple(names)


def duplicates(cells: Sequence[str]) -> tuple[str, ...]:
    """The names that come more than once in a header, empty ones left out."""
    folded = [fold_header(cell) for cell in cells]
    counts = Counter(folded)
    again = [cell.strip() for cell, key in zip(cells, folded, strict=True) if counts[key] > 1]
    first = {fold_header(cell): cell for cell in reversed(again) if cell}
    return tuple(dict.fromkeys(first[fold_header(cell)] for cell in again if cell))


def find_columns(header: Sequence[str], chosen: Mapping[Role, str]) -> dict[Role, int]:
    """The place of each role's column, 0-based: the chosen one, else by the first alias there is.

    A name chosen that the header has not is left out.
    """
    places: dict[str, int] = {}
    for place, name in enumerate(header):
        places.setdefault(fold_header(name), place)
    found = {}
    for role in Role:
        wanted = (fold_header(chosen[role]),) if role in chosen else _FOLDED[role]
        at = next((places[name] for name in wanted if name and name in places), None)
        if at is not None:
            found[role] = at
    return found


def find_place(header: Sequence[str], names: Iterable[str]) -> int | None:
    """The place of the first of these names that the header has."""
    folded = [fold_header(name) for name in header]
    for name in map(fold_header, names):
        if name in folded:
            return folded.index(name)
    return None


def is_price(name: str) -> bool:
    """Whether a column's name says that it holds prices."""
    return _PRICE.search(fold_header(name)) is not None


def known_words(cells: Iterable[str]) -> list[str]:
    """The cells that are names of columns we know, as written."""
    return [cell.strip() for cell in cells if fold_header(cell) in KNOWN_WORDS]
