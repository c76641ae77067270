"""The shops of the demonstration: three that sell the same goods under names of their own."""

from onhand.simulators.rakuten.rakuten import Rakuten
from onhand.simulators.rakuten.records import INVENTORY_ID, Item, Variant
from onhand.simulators.rakuten.shop import Shop

SHOPS = ("tokyo-bags", "osaka-bags", "sendai-bags")
# manageNumber, title, and for each SKU: variantId, SKU code, choices, opening units.
_Sku = tuple[str, str, dict[str, str], int]
_PAGES: tuple[tuple[str, str, tuple[_Sku, ...]], ...] = (
    ("kyusu", "丸い急須 白磁 360ml", ((INVENTORY_ID, "CE1111", {}, 47),)),
    ("yunomi", "湯呑み 藍染付 180ml", ((INVENTORY_ID, "CE1112", {}, 120),)),
    ("meshiwan", "飯碗 粉引 12cm", ((INVENTORY_ID, "CE1113", {}, 64),)),
    ("mamezara", "豆皿 五枚組", ((INVENTORY_ID, "CE1114", {}, 35),)),
    (
        "imabari-towel",
        "今治タオル",
        (
            ("face", "TW2001", {"サイズ": "フェイス 34×80cm", "カラー": "若草"}, 200),
            ("bath", "TW2002", {"サイズ": "バス 70×140cm", "カラー": "空色"}, 90),
        ),
    ),
    ("tenugui", "手ぬぐい 青海波", ((INVENTORY_ID, "TW2003", {}, 150),)),
    ("santoku", "三徳包丁 165mm", ((INVENTORY_ID, "KN3001", {}, 18),)),
    ("toishi", "砥石 #1000", ((INVENTORY_ID, "KN3002", {}, 25),)),
    (
        "china-tea",
        "中国茶 龍井茶・白毫銀針",
        (
            ("longjing", "TEA-4001", {"茶葉": "西湖龍井 明前茶 100g"}, 80),
            ("yinzhen", "TEA-4002", {"茶葉": "福鼎白茶 白毫銀針 50g"}, 40),
        ),
    ),
    ("shisha-teapot", "紫砂壺 西施 220ml", ((INVENTORY_ID, "TEA-4003", {}, 12),)),
    (
        "silk",
        "シルク 小物",
        (
            ("scarf", "SILK-5001", {"種類": "スカーフ 月白"}, 55),
            ("pillow", "SILK-5002", {"種類": "枕カバー シャンパン"}, 70),
        ),
    ),
    (
        "canvas-tote",
        "帆布トートバッグ",
        (
            ("S", "BK-6001-S", {"サイズ": "S", "カラー": "生成り"}, 140),
            ("L", "BK-6001-L", {"サイズ": "L", "カラー": "生成り"}, 95),
        ),
    ),
    ("field-note", "フィールドノート ドット A5", ((INVENTORY_ID, "BK-6002", {}, 300),)),
    ("brass-lamp", "真鍮デスクランプ", ((INVENTORY_ID, "LP-7001", {}, 9),)),
    ("lantern", "丸提灯 45cm", ((INVENTORY_ID, "LP-7002", {}, 0),)),
    ("enamel-mug", "ホーローマグ 青 350ml", ((INVENTORY_ID, "MUG-8001", {}, 1),)),
    # Without a code, as real shops have it: somebody must map this one by hand.
    ("furoshiki", "風呂敷 唐草 90cm", ((INVENTORY_ID, "", {}, 20),)),
)


def open_demo(rakuten: Rakuten, shops: int) -> None:
    """Open the first of the demo's shops, at most three, filled with the demo's goods."""
    for code in SHOPS[:shops]:
        _fill(rakuten.open_shop(code))


def demo_skus() -> dict[str, int]:
    """Opening units by SKU code."""
    return {sku: units for _, _, skus in _PAGES for _, sku, _, units in skus if sku}


def _fill(shop: Shop) -> None:
    prefix = shop.code.partition("-")[0]
    for number, (name, title, skus) in enumerate(_PAGES, 1):
        variants = {variant_id: Variant(sku, choices) for variant_id, sku, choices, _ in skus}
        item = Item(
            f"{prefix}-{name}",
            title,
            variants,
            item_number=f"{prefix[0].upper()}{number:03d}",
            image=f"/goods/{name}.jpg",
        )
        shop.add_item(item, {variant_id: units for variant_id, _, _, units in skus})
