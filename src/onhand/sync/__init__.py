"""Telling the shops their numbers: beliefs, pushes, rules, drift, freshness."""
