"""What a Rakuten connection needs to be told: two keys, a few options."""

from dataclasses import dataclass, field

from onhand.channels.http import Timeouts

LONGEST_KEY = 50  # authentication page: each key has at most 50 characters
OLDEST_USEFUL_VERSION = 7  # getOrder: the first version with SkuModelList


class InvalidKeys(ValueError):
    """A key that cannot be one; says which and why, never the key."""


@dataclass(frozen=True, slots=True)
class RakutenKeys:
    """The shop's service secret and licence key, freed of the space and line ends around them.

    Raises InvalidKeys when one is empty, longer than 50 characters, or holds a character that no
    key has: a space, a line end, a control or a full-width character.
    """

    service_secret: str = field(repr=False)
    license_key: str = field(repr=False)

    def __post_init__(self) -> None:
        """Keep the keys as they are meant."""
        for name in ("service_secret", "license_key"):
            object.__setattr__(self, name, _checked_key(name, getattr(self, name)))


@dataclass(frozen=True, slots=True)
class RakutenOptions:
    """How to speak to one shop.

    `order_api_version` is getOrder's (7 or newer; 10 is announced, its release unknown);
    `use_purchase_item_api` reads orders through PurchaseItemAPI, which leaves the buyer out;
    `shop_code` is the last part of the shop's address, needed for image URLs alone.
    """

    base_url: str = "https://api.rms.rakuten.co.jp"
    order_api_version: int = OLDEST_USEFUL_VERSION
    use_purchase_item_api: bool = False
    shop_code: str | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        """Refuse a version of getOrder that does not tell SKUs apart (ValueError)."""
        if self.order_api_version < OLDEST_USEFUL_VERSION:
            message = f"order_api_version must be {OLDEST_USEFUL_VERSION} or newer"
            raise ValueError(message)


def _checked_key(name: str, text: str) -> str:
    label = name.replace("_", " ")
    key = text.strip()
    if not key:
        message = f"the {label} is empty"
        raise InvalidKeys(message)
    if len(key) > LONGEST_KEY:
        message = f"the {label} has {len(key)} characters, at most {LONGEST_KEY} are possible"
        raise InvalidKeys(message)
    if not all("!" <= character <= "~" for character in key):
        message = f"the {label} holds a space, line end or other character that no key has"
        raise InvalidKeys(message)
    return key
