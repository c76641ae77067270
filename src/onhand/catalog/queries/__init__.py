"""Reads of the catalog: SKUs, and the stores and listings that sell them."""

from onhand.catalog.queries.skus import (
    SkuFilter,
    SkuPage,
    SkuSort,
    SkuView,
    find_registered,
    list_skus,
    read_sku,
    read_skus,
)

__all__ = [
    "SkuFilter",
    "SkuPage",
    "SkuSort",
    "SkuView",
    "find_registered",
    "list_skus",
    "read_sku",
    "read_skus",
]
