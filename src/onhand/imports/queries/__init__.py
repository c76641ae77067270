"""Reads of what goes into files, and of what came out of them."""
