"""What `test` starts with: demo goods, and three simulated shops that sell them."""

from collections.abc import Callable
from datetime import datetime

from onhand.access.commands import SYSTEM
from onhand.access.model import Actor, Asked
from onhand.access.secrets import Vault
from onhand.catalog.commands import create_skus
from onhand.catalog.commands.stores import create_store, set_credentials
from onhand.catalog.model import NewSku
from onhand.catalog.model.stores import NewKeys, NewStore
from onhand.catalog.queries.listings import ListingFilter, list_listings
from onhand.db.database import Database
from onhand.simulators.rakuten import Rakuten
from onhand.simulators.rakuten.demo import SHOPS, open_demo
from onhand.stock.commands import Ledger
from onhand.stock.model.commands import Caller, Command, Line, Receive
from onhand.stock.model.events import Source
from onhand.stock.queries.levels import read_levels

# Code, name, units, attributes.
_GOODS: tuple[tuple[str, str, int, dict[str, str]], ...] = (
    ("CE1111", "丸い急須 白磁", 47, {"color": "白", "size": "360 ml"}),
    ("CE1112", "湯呑み 藍染付", 120, {"color": "藍", "size": "180 ml"}),
    ("CE1113", "飯碗 粉引", 64, {"color": "生成り", "size": "12 cm"}),
    ("CE1114", "豆皿 五枚組", 35, {"color": "五色", "size": "9 cm"}),
    ("TW2001", "今治タオル フェイス", 200, {"color": "若草", "size": "34×80 cm"}),
    ("TW2002", "今治タオル バス", 90, {"color": "空色", "size": "70×140 cm"}),
    ("TW2003", "手ぬぐい 青海波", 150, {"color": "藍", "size": "33×90 cm"}),
    ("KN3001", "三徳包丁 165 mm", 18, {"size": "165 mm"}),
    ("KN3002", "砥石 #1000", 25, {}),
    ("TEA-4001", "西湖龙井 明前茶", 80, {"size": "100 g"}),
    ("TEA-4002", "福鼎白茶 白毫银针", 40, {"size": "50 g"}),
    ("TEA-4003", "紫砂壶 西施", 12, {"color": "朱泥", "size": "220 ml"}),
    ("SILK-5001", "桑蚕丝围巾", 55, {"color": "月白", "size": "180×55 cm"}),
    ("SILK-5002", "真丝枕套", 70, {"color": "香槟", "size": "48×74 cm"}),
    ("BK-6001-S", "Canvas tote bag, small", 140, {"color": "natural", "size": "S"}),
    ("BK-6001-L", "Canvas tote bag, large", 95, {"color": "natural", "size": "L"}),
    ("BK-6002", "Field notebook, dotted", 300, {"size": "A5"}),
    ("LP-7001", "Desk lamp, brushed brass", 9, {"color": "brass"}),
    ("LP-7002", "Paper lantern, round", 0, {"size": "45 cm"}),
    ("MUG-8001", "Enamel mug, speckled", 1, {"color": "blue", "size": "350 ml"}),
)
_STORES = {
    "tokyo-bags": "東京うつわ店",
    "osaka-bags": "大阪うつわ店",
    "sendai-bags": "仙台うつわ店",
}
_POLL_INTERVAL_S = 15
_ALIASES = {"CE1111": ("kyusu-white",), "MUG-8001": ("4901234567894",)}


def fill(database: Database, ledger: Ledger, *, clock: Callable[[], datetime]) -> None:
    """Register the demo goods with their opening stock; doing it again changes nothing.

    Raises:
        DatabaseUnavailable: nothing or a part was written; do it again.
    """
    goods = [
        NewSku(
            code,
            name=name,
            attributes=attributes,
            aliases=_ALIASES.get(code, ()),
        )
        for code, name, _, attributes in _GOODS
    ]
    actor = Actor(SYSTEM, "system")
    create_skus(database, Asked(actor, clock(), "demo-skus"), goods)
    lines = tuple(Line(code.lower(), units) for code, _, units, _ in _GOODS if units)
    opening = Receive(lines, reason="opening stock of the demo")
    ledger.execute([Command(Caller(SYSTEM, Source.SYSTEM), opening, "demo-stock")])


def open_stores(database: Database, vault: Vault, *, now: datetime) -> None:
    """Make the simulated shops known, with their visibly fake keys; again changes nothing.

    Raises:
        DatabaseUnavailable: some were made known; do it again.
    """
    simulated = Rakuten(lambda: now)
    open_demo(simulated, len(SHOPS))
    for code, shop in simulated.shops.items():
        asked = Asked(Actor(SYSTEM, "system"), now, f"demo-store-{code}")
        settings = {"shop_code": code, "poll_interval_s": _POLL_INTERVAL_S}
        create_store(database, asked, NewStore(code, _STORES[code], settings=settings))
        keys = {"service_secret": shop.secret, "license_key": shop.license_key}
        asked = Asked(Actor(SYSTEM, "system"), now, f"demo-keys-{code}")
        set_credentials(database, asked, NewKeys(code, keys), vault=vault)


def restock(database: Database, ledger: Ledger, *, now: datetime, most: int = 3) -> tuple[str, ...]:
    """Receive goods of which the demo's shops have sold four fifths, up to their opening stock.

    At most so many SKUs at once, the emptiest first; returns which. Only what a demo shop lists
    and has begun with more than a single unit, so that something stays sold out. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    opening = {code.lower(): units for code, _, units, _ in _GOODS if units > 1}
    with database.read() as connection:
        listed = {
            view.sku
            for code in SHOPS
            for view in list_listings(connection, ListingFilter(code, limit=1000)).listings
            if view.sku is not None
        }
        levels = read_levels(connection, listed & opening.keys(), now=now)
    low = [
        (level.available / opening[sku], sku, opening[sku] - level.available)
        for sku, level in levels.items()
        if 5 * level.available <= opening[sku]
    ]
    lines = tuple(Line(sku, units) for _, sku, units in sorted(low)[:most])
    if lines:
        delivery = Receive(lines, reason="delivery of the demo")
        ledger.execute([Command(Caller(SYSTEM, Source.SYSTEM), delivery)])
    return tuple(line.sku for line in lines)
