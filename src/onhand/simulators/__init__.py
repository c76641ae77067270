"""HTTP servers that behave like the shops, faults included; they know nothing of Onhand."""
