"""Playing a real shop's order lines through the ledger."""
