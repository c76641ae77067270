"""Orders taken in from the shops: who took what, and what is left to do about it."""
