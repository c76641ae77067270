"""The ledger: events, levels, reservations, counts. The only writer of stock."""
