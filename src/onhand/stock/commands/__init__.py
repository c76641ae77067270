"""Commands of the ledger: `Ledger.execute` decides and writes, one transaction a batch."""

from onhand.stock.commands.ledger import Ledger
from onhand.stock.commands.pending import Accepted, Result

__all__ = ["Accepted", "Ledger", "Result"]
