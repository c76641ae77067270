"""Onhand: one true stock number for every shop you sell in."""
