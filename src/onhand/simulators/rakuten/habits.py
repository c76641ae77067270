"""How the buyers of a simulated shop behave, and whoever packs for them."""

import msgspec


class Habits(msgspec.Struct, kw_only=True):
    """Rates and probabilities; the same for every shop."""

    orders_per_hour: float = 60.0  # of each shop
    popularity: float = 1.0  # exponent of Zipf's law; 0: all the same
    most_units: int = 3
    second_line: float = 0.2
    same_line_twice: float = 0.03
    second_package: float = 0.03
    unmapped: float = 0.02  # takes a SKU without merchantDefinedSkuId, if there is one
    changes: float = 0.05
    cancels: float = 0.05
    cancel_restocks: float = 0.8
    restock_delay_s: float = 0.0
    returns_after_s: float = 1_800.0  # mean time until a buyer changes or cancels
    ships_after_s: float | None = None  # mean time until the shop ships; None: nobody ships
