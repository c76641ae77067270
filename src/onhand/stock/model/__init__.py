"""The ledger's decisions: pure, on values, with time as a parameter."""
