"""Writes a `normal-item.csv` as RMS gives it out after the SKU migration, of any size.

Item rows, option rows and SKU rows in one file, CP932 with CRLF, descriptions in HTML over several
lines, characters beyond JIS such as ① and 髙. The same number of SKUs is always the same file.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

SHOP_CODE = "hanpudo"
ONLY_VARIANT = "normal-inventory"

COLOURS = (("BK", "黒"), ("WH", "白"), ("NV", "紺①"), ("RD", "赤"))
SIZES = ("S", "M", "L")

COLUMNS = (
    *("商品管理番号（商品URL）", "商品番号", "商品名", "倉庫指定", "サーチ表示", "消費税"),
    *("消費税率", "注文ボタン", "商品問い合わせボタン", "在庫表示", "代引料", "ジャンルID"),
    *("非製品属性タグID", "キャッチコピー", "PC用商品説明文", "スマートフォン用商品説明文"),
    *("PC用販売説明文", "商品画像タイプ1", "商品画像パス1", "商品画像名（ALT）1"),
    *("商品画像タイプ2", "商品画像パス2", "商品画像名（ALT）2", "バリエーション項目キー定義"),
    *("バリエーション項目名定義", "バリエーション1選択肢定義", "バリエーション2選択肢定義"),
    *("選択肢タイプ", "商品オプション項目名", "商品オプション選択肢1", "商品オプション選択肢2"),
    *("商品オプション選択必須", "SKU管理番号", "システム連携用SKU番号"),
    *("バリエーション項目キー1", "バリエーション項目選択肢1", "バリエーション項目キー2"),
    *("バリエーション項目選択肢2", "販売価格", "表示価格", "二重価格文言管理番号", "注文受付数"),
    *("再入荷お知らせボタン", "のし対応", "在庫数", "在庫戻しフラグ", "在庫切れ時の注文受付"),
    *("在庫あり時納期管理番号", "在庫切れ時納期管理番号", "SKU倉庫指定", "送料", "カタログID"),
    *("カタログIDなしの理由", "SKU画像タイプ", "SKU画像パス", "SKU画像名（ALT）"),
)


@dataclass(frozen=True, slots=True)
class SkuLine:
    """One SKU row, and what reading it must give."""

    variant: str
    system: str
    choices: tuple[str, ...]
    quantity: int
    image: str  # the SKU's own, empty when it has none


@dataclass(frozen=True, slots=True)
class Item:
    """One item with its option rows and SKU rows."""

    manage: str
    number: str
    name: str
    image: str
    options: int
    skus: tuple[SkuLine, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """How many rows of each kind a file has."""

    items: int
    options: int
    skus: int


def items(skus: int) -> Iterator[Item]:
    """Items with this many SKUs in all."""
    left, count = skus, 0
    while left > 0:
        item = _item(count, left)
        left -= len(item.skus)
        count += 1
        yield item


def code_of(item: Item, sku: SkuLine) -> str:
    """The SKU code that a row gets when nothing else is chosen."""
    return sku.variant if sku.variant != ONLY_VARIANT else sku.system or item.manage


def write_normal_item(path: Path, skus: int, *, encoding: str = "cp932") -> Written:
    """Write a file with this many SKU rows; how many rows of each kind it has."""
    counts = [0, 0, 0]
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\r\n")
        writer.writeheader()
        for item in items(skus):
            writer.writerow(_item_row(item))
            writer.writerows(_option_row(item, count) for count in range(item.options))
            writer.writerows(_sku_row(item, sku) for sku in item.skus)
            counts = [counts[0] + 1, counts[1] + item.options, counts[2] + len(item.skus)]
    return Written(*counts)


def _item(count: int, most: int) -> Item:
    manage = f"tote-{count:06d}"
    image = f"/tote/{count:06d}.jpg"
    name = f"帆布トート 髙島屋モデル No.{count}" if count % 5 == 0 else f"帆布トート No.{count}"
    if count % 7 == 0:
        system = f"T{count:06d}" if count % 2 else ""
        skus: tuple[SkuLine, ...] = (
            SkuLine(ONLY_VARIANT, system, (), count % 50, f"/sku/{count:06d}.jpg"),
        )
    else:
        skus = tuple(islice(_variants(count, manage), min(most, 1 + count % 11)))
    return Item(manage, f"TOTE{count:06d}", name, image, count % 3, skus)


def _variants(count: int, manage: str) -> Iterator[SkuLine]:
    for short, colour in COLOURS:
        for at, size in enumerate(SIZES):
            system = f"{count:06d}{short}{size}" if count % 4 else ""
            quantity = 0 if (count + at) % 9 == 0 else (count * 7 + at) % 240
            yield SkuLine(f"{manage}-{short}-{size}", system, (colour, size), quantity, "")


def _item_row(item: Item) -> dict[str, object]:
    story = (
        f'<p class="lead">{item.name}, ①番人気</p>\r\n<table>\r\n'
        + "".join(f"<tr><th>特長{at}</th><td>丈夫な帆布、国産。</td></tr>\r\n" for at in range(6))
        + "</table>"
    )
    return {
        "商品管理番号（商品URL）": item.manage,
        "商品番号": item.number,
        "商品名": item.name,
        "倉庫指定": 0,
        "サーチ表示": 1,
        "消費税率": "0.1",
        "ジャンルID": 110933,
        "キャッチコピー": "毎日使える ㈱帆布堂",
        "PC用商品説明文": story,
        "スマートフォン用商品説明文": story,
        "商品画像タイプ1": "CABINET",
        "商品画像パス1": item.image,
        "商品画像名（ALT）1": item.name,
        "バリエーション項目キー定義": "color|size",
        "バリエーション項目名定義": "カラー|サイズ",
        "バリエーション1選択肢定義": "|".join(colour for _, colour in COLOURS),
        "バリエーション2選択肢定義": "|".join(SIZES),
    }


def _option_row(item: Item, count: int) -> dict[str, object]:
    return {
        "商品管理番号（商品URL）": item.manage,
        "選択肢タイプ": "s",
        "商品オプション項目名": f"名入れ{count}",
        "商品オプション選択肢1": "する",
        "商品オプション選択肢2": "しない",
        "商品オプション選択必須": 1,
    }


def _sku_row(item: Item, sku: SkuLine) -> dict[str, object]:
    row: dict[str, object] = {
        "商品管理番号（商品URL）": item.manage,
        "SKU管理番号": sku.variant,
        "システム連携用SKU番号": sku.system,
        "販売価格": 1990,
        "表示価格": 2490,
        "注文受付数": -1,
        "在庫数": sku.quantity,
        "在庫戻しフラグ": 1,
        "送料": 0,
    }
    for at, choice in enumerate(sku.choices, 1):
        row[f"バリエーション項目キー{at}"] = ("color", "size")[at - 1]
        row[f"バリエーション項目選択肢{at}"] = choice
    if sku.image:
        row |= {"SKU画像タイプ": "CABINET", "SKU画像パス": sku.image}
    return row
