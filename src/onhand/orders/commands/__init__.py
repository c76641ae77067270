"""Commands of the orders taken in."""

from onhand.orders.commands.clear import close_entry, close_settled
from onhand.orders.commands.confirm import (
    confirmation_failed,
    retry_confirmation,
    settle_confirmations,
)
from onhand.orders.commands.cursor import move_cursor, poll_failed, seen
from onhand.orders.commands.intake import TakenIn, retry_unmapped, take_in
from onhand.orders.commands.rows import OrderKey

__all__ = [
    "OrderKey",
    "TakenIn",
    "close_entry",
    "close_settled",
    "confirmation_failed",
    "move_cursor",
    "poll_failed",
    "retry_confirmation",
    "retry_unmapped",
    "seen",
    "settle_confirmations",
    "take_in",
]
