"""What can be exported: which columns under which names, and which rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

MAIN_LOCATION = "main"

Cell = str | int | bool | datetime | None
Row = tuple[Cell, ...]
Page = Sequence[Row]


class ExportKind(StrEnum):
    """What an export is about."""

    LEVELS = "levels"
    EVENTS = "events"
    LISTINGS = "listings"
    ORDERS = "orders"


class HeaderLanguage(StrEnum):
    """The language of a file's first row."""

    EN = "en"
    JA = "ja"
    ZH = "zh"


@dataclass(frozen=True, slots=True)
class LevelsWanted:
    """Every registered SKU, or those that match.

    `location` is where the column of quantities is counted, `search` a part of the code or name
    or a whole alias, `low` leaves those that are at or below their threshold.
    """

    kind: ClassVar[ExportKind] = ExportKind.LEVELS
    location: str = MAIN_LOCATION
    search: str | None = None
    low: bool = False


@dataclass(frozen=True, slots=True)
class EventsWanted:
    """Events of registered SKUs that happened from `since` to `until`, both included."""

    kind: ClassVar[ExportKind] = ExportKind.EVENTS
    sku: str | None = None
    store: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListingsWanted:
    """Listings of every store, or of one."""

    kind: ClassVar[ExportKind] = ExportKind.LISTINGS
    store: str | None = None


@dataclass(frozen=True, slots=True)
class OrdersWanted:
    """Lines of orders that were placed from `since` to `until`, both included."""

    kind: ClassVar[ExportKind] = ExportKind.ORDERS
    store: str | None = None
    since: datetime | None = None
    until: datetime | None = None


Wanted = LevelsWanted | EventsWanted | ListingsWanted | OrdersWanted

# English, Japanese, Chinese. Only columns that an import may take back bear names it knows: what
# a listing or an order says of itself must not become a SKU's name or stock.
_COLUMNS: dict[ExportKind, tuple[tuple[str, str, str], ...]] = {
    ExportKind.LEVELS: (
        ("sku", "SKU", "SKU"),
        ("name", "商品名", "商品名称"),
        ("location", "拠点", "仓库"),
        ("quantity", "在庫数", "库存"),
        ("on_hand", "現有在庫", "现有库存"),
        ("reserved", "引当", "预占"),
        ("available", "販売可能", "可用"),
        ("sellable", "出品可能数", "可售"),
        ("safety_stock", "安全在庫", "安全库存"),
        ("low_stock_threshold", "在庫僅少の基準", "低库存阈值"),
        ("is_low", "在庫僅少", "低库存"),
        ("status", "状態", "状态"),
        ("image_url", "image_url", "image_url"),
        ("counted_at", "棚卸日時", "盘点时间"),
    ),
    ExportKind.EVENTS: (
        ("sku", "SKU", "SKU"),
        ("seq", "連番", "序号"),
        ("happened_at", "発生日時", "发生时间"),
        ("recorded_at", "記録日時", "记录时间"),
        ("kind", "種類", "类型"),
        ("location", "拠点", "仓库"),
        ("on_hand_change", "現有在庫の増減", "现有库存变化"),
        ("reserved_change", "引当の増減", "预占变化"),
        ("on_hand", "現有在庫", "现有库存"),
        ("reserved", "引当", "预占"),
        ("shortfall", "不足数", "缺口"),
        ("reason", "理由", "原因"),
        ("reference_type", "関連の種類", "关联类型"),
        ("reference_id", "関連番号", "关联编号"),
        ("store_id", "store_id", "店铺编号"),
        ("actor", "操作者", "操作人"),
        ("source", "経路", "来源"),
    ),
    ExportKind.LISTINGS: (
        ("store_id", "store_id", "店铺编号"),
        ("item", "商品キー", "商品键"),
        ("variant", "バリエーションキー", "规格键"),
        ("sku", "SKU", "SKU"),
        ("name", "商品名", "商品名称"),
        ("listing_name", "出品名", "店铺商品名称"),
        ("listing_codes", "出品コード", "店铺商品编码"),
        ("mapped_by", "対応付け", "映射方式"),
        ("is_sold", "販売中", "在售"),
        ("seen_at", "確認日時", "最近看到"),
        ("missing_since", "不明になった日時", "消失时间"),
        ("listing_image_url", "出品画像", "店铺商品图片"),
    ),
    ExportKind.ORDERS: (
        ("store_id", "store_id", "店铺编号"),
        ("order", "注文番号", "订单号"),
        ("ordered_at", "注文日時", "下单时间"),
        ("state", "状態", "状态"),
        ("shop_status", "店舗での状態", "店铺状态"),
        ("line", "明細", "明细"),
        ("item", "商品キー", "商品键"),
        ("variant", "バリエーションキー", "规格键"),
        ("line_name", "明細名", "明细名称"),
        ("sku", "SKU", "SKU"),
        ("units", "注文数", "订购件数"),
        ("first_seen_at", "取込日時", "首次读取时间"),
        ("changed_at", "更新日時", "更新时间"),
        ("confirmed_at", "注文確認日時", "确认时间"),
    ),
}


def headings(kind: ExportKind, language: HeaderLanguage) -> tuple[str, ...]:
    """The names of an export's columns, in their order."""
    place = list(HeaderLanguage).index(language)
    return tuple(names[place] for names in _COLUMNS[kind])
