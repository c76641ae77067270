"""The `onhand` command."""
