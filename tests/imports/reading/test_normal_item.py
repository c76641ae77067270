"""Rakuten's download of 20,000 SKUs is read row for row as it was written, in flat memory."""

import tracemalloc
from collections import Counter
from pathlib import Path

import pytest

from onhand.imports.model.choices import Choices, Limits
from onhand.imports.model.facts import Layout
from onhand.imports.model.rows import FileRow, SkippedRow, SkipReason
from onhand.imports.readers.opening import open_file
from tests.imports.normal_item import (
    SHOP_CODE,
    Item,
    SkuLine,
    code_of,
    items,
    write_normal_item,
)
from tests.imports.reading.tell import read

LIMITS = Limits(file_bytes=10**9, rows=10**6, cell_chars=40_000, unpacked_bytes=1)
CHOICES = Choices(shop_code=SHOP_CODE)


def expected(item: Item, sku: SkuLine) -> tuple[object, ...]:
    return (
        code_of(item, sku),
        sku.quantity,
        " ".join((item.name, *sku.choices)),
        f"https://image.rakuten.co.jp/{SHOP_CODE}/cabinet{sku.image or item.image}",
        (item.manage, sku.variant),
        (sku.system,) if sku.system and sku.system != code_of(item, sku) else (),
    )


def test_every_row_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "normal-item.csv"
    written = write_normal_item(path, 20_000)

    facts, rows = read(path, CHOICES, LIMITS)

    assert (facts.encoding, facts.layout) == ("cp932", Layout.RAKUTEN_SKU)
    assert facts.ignored_prices == ("販売価格", "表示価格", "二重価格文言管理番号")
    reasons = Counter(row.reason for row in rows if isinstance(row, SkippedRow))
    assert reasons == {SkipReason.ITEM_ROW: written.items, SkipReason.OPTION_ROW: written.options}
    taken = [
        (row.code, row.quantity_units, row.name, row.image_url, row.listing, row.aliases)
        for row in rows
        if isinstance(row, FileRow)
    ]
    assert taken == [expected(item, sku) for item in items(20_000) for sku in item.skus]
    assert len(rows) == len(taken) + written.items + written.options


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    peaks = []
    for skus in (3_000, 12_000):
        path = tmp_path / f"{skus}.csv"
        write_normal_item(path, skus)
        tracemalloc.start()
        with open_file(path, name=path.name, choices=CHOICES, limits=LIMITS) as source:
            assert sum(isinstance(row, FileRow) for row in source.rows()) == skus
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < 1.5 * peaks[0]
