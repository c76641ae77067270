"""Where a picture of Rakuten's lies: type and location become a URL (ItemAPI, items.patch)."""

import re

LONGEST_LOCATION = 255
LOCATION = re.compile(r"[0-9A-Za-z./:_-]+")
BASES = {
    "CABINET": "https://image.rakuten.co.jp/{shop}/cabinet",
    "GOLD": "https://www.rakuten.ne.jp/gold/{shop}",
}


def image_url(kind: object, location: object, shop_code: str | None) -> str | None:
    """The picture's URL, or None when the type is unknown, the location is none, or no shop is.

    ABSOLUTE is in one official sample and in no list of types (low confidence): its location is
    the URL itself.
    """
    if not isinstance(kind, str) or not isinstance(location, str):
        return None
    if len(location) > LONGEST_LOCATION or not LOCATION.fullmatch(location):
        return None
    if kind == "ABSOLUTE":
        return location if location.startswith(("https://", "http://")) else None
    base = BASES.get(kind)
    if base is None or not shop_code:
        return None
    return f"{base.format(shop=shop_code)}/{location.removeprefix('/')}"
