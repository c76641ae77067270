"""Who may do what, and who did what: users, roles, tokens, the audit trail."""
