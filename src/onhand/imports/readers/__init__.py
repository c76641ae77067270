"""Bytes in, rows out: CSV, TSV and XLSX files as merchants have them."""

from onhand.imports.readers.opening import FileSource, open_file

__all__ = ["FileSource", "open_file"]
