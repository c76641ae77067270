"""Commands of the ledger: `Ledger.execute` decides and writes, one transaction a batch."""

from onhand.access.model import Accepted
from onhand.stock.commands.ledger import Ledger
from onhand.stock.commands.pending import Result

__all__ = ["Accepted", "Ledger", "Result"]
