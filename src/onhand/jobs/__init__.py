"""Jobs: what runs by itself, leases so that it runs once, and records of what it did."""
