"""How stores stand, over HTTP."""

from typing import Any

from tests.web.client import Api


def store_status(api: Api, store: str) -> Any:
    """How a store's numbers stand."""
    (found,) = (one for one in api.get("/sync/status")["stores"] if one["sync"]["store"] == store)
    return found["sync"]
