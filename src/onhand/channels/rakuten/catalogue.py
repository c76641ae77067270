"""Everything a shop lists: ItemAPI 2.0, items.search with a cursor.

The search index is up to 24 hours behind; a deleted item comes back as its manageNumber alone.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated

import msgspec

from onhand.channels.port import ChannelListing, ListingKey
from onhand.channels.rakuten.api import Answer, RakutenApi
from onhand.channels.rakuten.functions import ITEMS_SEARCH
from onhand.channels.rakuten.images import image_url

ITEMS_PER_PAGE = 100  # hits: 1 to 100
SMALLEST_PAGE = 10  # what a page holds when hits is not told
SPARE_PAGES = 10  # for items that come and go during the crawl
FIRST_CURSOR = "*"
# The id of an item's only variant where the shop gave none; many items share it.
ONLY_VARIANT = "normal-inventory"


class _Variant(msgspec.Struct, rename="camel"):
    merchant_defined_sku_id: object = None
    selector_values: object = None
    images: object = None
    hidden: object = None


class _Item(msgspec.Struct, rename="camel"):
    manage_number: str
    title: object = None
    hide_item: object = None
    images: object = None
    # Null or absent in the stub of a deleted item.
    variants: dict[str, _Variant] | None = None


class _Result(msgspec.Struct):
    item: _Item


class _Page(msgspec.Struct, rename="camel"):
    num_found: Annotated[int, msgspec.Meta(ge=0)]
    results: list[_Result]
    next_cursor_mark: str | None = None


_decode = msgspec.json.Decoder(_Page).decode


def listings(api: RakutenApi, shop_code: str | None) -> Iterator[Sequence[ChannelListing]]:
    """Every listing of the shop once, page by page; items deleted but still indexed are left out.

    It ends where the page says: when the next cursor is the one that was sent (also, as one
    production client does, when there is none, or no result). Raises any ChannelError;
    ChannelProtocolError when pages do not end or end long before `numFound` items were seen.
    """
    progress = _Progress(api.not_understood)
    given: set[ListingKey] = set()
    cursor: str | None = FIRST_CURSOR
    while cursor is not None:
        query = {"hits": str(ITEMS_PER_PAGE), "cursorMark": cursor}
        page, answer = api.ask(ITEMS_SEARCH, _decode, query=query)
        cursor = progress.next_cursor(page, answer, cursor)
        fresh: list[ChannelListing] = []
        for result in page.results:
            for listing in _item_listings(result.item, shop_code):
                if listing.key not in given:
                    given.add(listing.key)
                    fresh.append(listing)
        if fresh:
            yield fresh


class _Progress:
    """How far the crawl is, and whether it can be true."""

    def __init__(self, not_understood: Callable[[Answer, str], Exception]) -> None:
        self._not_understood = not_understood
        self._sent: set[str] = set()
        self._items: set[str] = set()
        self._found: list[int] = []

    def next_cursor(self, page: _Page, answer: Answer, sent: str) -> str | None:
        """The cursor to go on with; None at the end."""
        self._sent.add(sent)
        self._items.update(result.item.manage_number for result in page.results)
        self._found.append(page.num_found)
        most = max(self._found)
        if len(self._items) > most + ITEMS_PER_PAGE:
            raise self._not_understood(answer, f"more than the {most} items announced")
        if len(self._found) > most // SMALLEST_PAGE + SPARE_PAGES:
            raise self._not_understood(
                answer, f"{most} items on more than {len(self._found)} pages"
            )
        following = page.next_cursor_mark
        if not following or following == sent or not page.results:
            self._insist_on_all(answer)
            return None
        if following in self._sent:
            raise self._not_understood(answer, "a cursor that came before: the pages do not end")
        return following

    def _insist_on_all(self, answer: Answer) -> None:
        # Items come and go during a crawl, so one in a hundred may be missed.
        seen = len(self._items)
        if min(self._found) - seen > seen // 100:
            detail = f"{seen} items, though {min(self._found)} were announced"
            raise self._not_understood(answer, detail)


def _item_listings(item: _Item, shop_code: str | None) -> Iterator[ChannelListing]:
    variants = item.variants or {}
    title = item.title if isinstance(item.title, str) and item.title else item.manage_number
    for variant_id, variant in variants.items():
        picture = _first(variant.images) or _first(item.images)
        choices = _choices(variant.selector_values)
        yield ChannelListing(
            key=ListingKey(item.manage_number.lower(), variant_id),
            name=f"{title} {choices}" if choices else title,
            codes=sku_codes(
                variant.merchant_defined_sku_id,
                variant_id,
                item.manage_number if len(variants) == 1 else None,
            ),
            image_url=image_url(picture.get("type"), picture.get("location"), shop_code),
            is_sold=item.hide_item is not True and variant.hidden is not True,
        )


def sku_codes(*names: object) -> tuple[str, ...]:
    """The names that can be a SKU's code, in the order given, each once."""
    texts = (name.strip() for name in names if isinstance(name, str))
    return tuple(dict.fromkeys(text for text in texts if text and text != ONLY_VARIANT))


def _first(images: object) -> Mapping[str, object]:
    # Official samples show one object where a list is declared.
    entries = images if isinstance(images, list) else [images]
    return next((entry for entry in entries if isinstance(entry, dict)), {})


def _choices(values: object) -> str:
    if not isinstance(values, dict):
        return ""
    return " ".join(value for value in values.values() if isinstance(value, str) and value)
