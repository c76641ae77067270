"""Files in and out: what a merchant's file says, what it would change, and undoing it."""
