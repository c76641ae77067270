"""Where a picture lies that a file names by its address, or by Rakuten's type and path."""

import re

from onhand.catalog.model.listings import clean_image

_LONGEST_PATH = 255  # bytes, by Rakuten's page on items.patch
_PATH = re.compile(r"/?[0-9A-Za-z./:_-]+")
_FOLDERS = {
    "CABINET": "https://image.rakuten.co.jp/{shop}/cabinet/",
    "GOLD": "https://www.rakuten.ne.jp/gold/{shop}/",
}


def picture(kind: str, place: str, shop_code: str | None) -> str | None:
    """The picture's address; None when the cell is no address, or a path of no known shop."""
    place = place.strip()
    if place.lower().startswith(("http://", "https://")):
        return clean_image(place)
    folder = _FOLDERS.get(kind.strip().upper())
    if folder is None or not shop_code:
        return None
    if len(place) > _LONGEST_PATH or not _PATH.fullmatch(place):
        return None
    return clean_image(folder.format(shop=shop_code) + place.removeprefix("/"))
