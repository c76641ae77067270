"""Pure decisions of sync; the standard library only."""
