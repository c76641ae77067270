"""Databases: one engine per environment, transactions, column types, bulk writes, migrations."""
