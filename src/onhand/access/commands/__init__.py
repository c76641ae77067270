"""Commands of access: tokens, and the audit entry every write leaves behind.

Those of people are in `accounts` and `people`.
"""

from onhand.access.commands.tokens import (
    IssuedToken,
    OwnerToken,
    create_token,
    ensure_signing_key,
    issue_owner_token,
    revoke_token,
)
from onhand.access.commands.trail import (
    SYSTEM,
    AuditEntry,
    Change,
    Write,
    identify,
    new_command_id,
    record,
    write_once,
)

__all__ = [
    "SYSTEM",
    "AuditEntry",
    "Change",
    "IssuedToken",
    "OwnerToken",
    "Write",
    "create_token",
    "ensure_signing_key",
    "identify",
    "issue_owner_token",
    "new_command_id",
    "record",
    "revoke_token",
    "write_once",
]
