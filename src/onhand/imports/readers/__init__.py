"""Bytes in, rows out: CSV, TSV and XLSX files as merchants have them."""
