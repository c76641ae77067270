"""Reads of the ledger; views are encoded to JSON as they are."""
