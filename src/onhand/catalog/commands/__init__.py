"""Commands of the catalog: SKUs, and the stores and listings that sell them."""

from onhand.catalog.commands.skus import (
    add_alias,
    create_skus,
    remove_alias,
    unregister,
    update_sku,
)

__all__ = ["add_alias", "create_skus", "remove_alias", "unregister", "update_sku"]
