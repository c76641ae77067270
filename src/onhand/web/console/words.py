"""What values of the trade are called on a page, by kind of value."""

from onhand.web.console.languages import mark

_WORDS: dict[str, dict[str, str]] = {
    "event": {
        "received": mark("Received"),
        "shipped": mark("Shipped"),
        "returned": mark("Returned"),
        "reserved": mark("Reserved"),
        "released": mark("Released"),
        "expired": mark("Expired"),
        "adjusted": mark("Adjusted"),
        "counted": mark("Counted"),
        "transferred": mark("Transferred"),
        "oversold": mark("Oversold"),
        "push_failed": mark("Push failed"),
        "channel_error": mark("Shop error"),
        "sku_reset": mark("SKU reset"),
    },
    "source": {
        "api": mark("API"),
        "manual": mark("By hand"),
        "import": mark("File"),
        "system": mark("System"),
    },
    "reference": {
        "order": mark("Order"),
        "cart": mark("Cart"),
        "manual": mark("By hand"),
        "import": mark("File"),
        "channel": mark("Shop"),
        "system": mark("System"),
    },
    "environment": {"live": mark("Live"), "test": mark("Test")},
    "role": {
        "viewer": mark("Viewer"),
        "operator": mark("Operator"),
        "admin": mark("Administrator"),
    },
    "store": {
        "active": mark("Active"),
        "paused": mark("Paused"),
        "inactive": mark("Inactive"),
    },
    "sku": {
        "active": mark("Active"),
        "inactive": mark("Inactive"),
        "unregistered": mark("Unregistered"),
    },
    "theme": {"system": mark("As the system"), "light": mark("Light"), "dark": mark("Dark")},
}


def word(kind: str, value: str) -> str:
    """The English word for a value, to be translated; the value itself where there is none."""
    return _WORDS[kind].get(value, value)
