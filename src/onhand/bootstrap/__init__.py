"""Settings and composition: the one place that wires things."""
