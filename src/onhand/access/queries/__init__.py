"""Reads of access: tokens, people, the audit trail."""

from onhand.access.queries.people import UserView, has_users, list_users
from onhand.access.queries.tokens import (
    TokenView,
    find_token,
    list_tokens,
    read_signing_key,
    read_token,
)
from onhand.access.queries.trail import (
    AuditFilter,
    AuditPage,
    AuditView,
    Request,
    first_answer,
    search_audit,
)

__all__ = [
    "AuditFilter",
    "AuditPage",
    "AuditView",
    "Request",
    "TokenView",
    "UserView",
    "find_token",
    "first_answer",
    "has_users",
    "list_tokens",
    "list_users",
    "read_signing_key",
    "read_token",
    "search_audit",
]
