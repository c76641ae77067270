"""The simulated world: Onhand and its shops on one simulated clock, to see what becomes of stock.

The same seed gives the same world, crash by crash. Nothing here stands in for a part of Onhand:
jobs, ledger and connectors are those that run for real, on a real database; only the network, the
clock, the buyers and the misfortunes are made up.
"""
