"""Commands of imports: keep a file, work out what it would change, bring it in."""
