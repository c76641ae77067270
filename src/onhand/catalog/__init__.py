"""What we sell, and where: SKUs, aliases, stores, listings."""
