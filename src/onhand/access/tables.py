"""Tables of access: people, their sessions, API tokens, signing keys and the audit trail."""

import sqlalchemy as sa

from onhand.db.metadata import metadata
from onhand.db.types import UtcTimestamp

# People belong to the installation: those of `live` are everybody's, in `test` there are none.
user = sa.Table(
    "app_user",
    metadata,
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_key", sa.Text, nullable=False, unique=True),  # `access.model.people.name_key`
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("timezone", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text),  # argon2id; null until a set-up link was used
    sa.Column("created_at", UtcTimestamp, nullable=False),
    sa.Column("signed_in_at", UtcTimestamp),
    sa.CheckConstraint("role IN ('viewer', 'operator', 'admin')", name="role"),
    sa.CheckConstraint("language IN ('ja', 'zh', 'en')", name="language"),
)

# Only a hash of the cookie's secret is kept. A row stays until `ends_at`, revoked or not.
user_session = sa.Table(
    "user_session",
    metadata,
    sa.Column("session_id", sa.Text, primary_key=True),
    sa.Column("secret_hash", sa.Text, nullable=False, unique=True),
    sa.Column("user_id", sa.Text, sa.ForeignKey("app_user.user_id"), nullable=False, index=True),
    sa.Column("created_at", UtcTimestamp, nullable=False),
    sa.Column("seen_at", UtcTimestamp, nullable=False),
    sa.Column("idle_s", sa.Integer, nullable=False),
    sa.Column("ends_at", UtcTimestamp, nullable=False, index=True),
    sa.Column("revoked_at", UtcTimestamp),
)

# At most one a person: a new link takes the place of the old one, and a used one is gone.
set_up_link = sa.Table(
    "set_up_link",
    metadata,
    sa.Column("user_id", sa.Text, sa.ForeignKey("app_user.user_id"), primary_key=True),
    sa.Column("secret_hash", sa.Text, nullable=False, unique=True),
    sa.Column("expires_at", UtcTimestamp),  # null: until it is used
)

# Attempts to sign in, by a hash of the name or address; a row counts until `whole_at`.
sign_in_attempt = sa.Table(
    "sign_in_attempt",
    metadata,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("whole_at", UtcTimestamp, nullable=False, index=True),
)

# A person's own way to look at a list: `query` is that of its address. `environment` keeps those of
# `test` apart, though all of them lie with the people, in `live`.
saved_view = sa.Table(
    "saved_view",
    metadata,
    sa.Column("view_id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, sa.ForeignKey("app_user.user_id"), nullable=False),
    sa.Column("environment", sa.Text, nullable=False),
    sa.Column("page", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("created_at", UtcTimestamp, nullable=False),
    sa.UniqueConstraint("user_id", "environment", "page", "name"),
)

# One row once the first administrator was made; its key settles which process does.
first_start = sa.Table(
    "first_start",
    metadata,
    sa.Column("start_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("happened_at", UtcTimestamp, nullable=False),
    sa.CheckConstraint("start_id = 1", name="one_row"),
)

# Only a hash of the secret is kept. `name` is who acts, in events and in the audit trail; a token
# that replaces another takes over its name and with it its holds.
api_token = sa.Table(
    "api_token",
    metadata,
    sa.Column("token_id", sa.Text, primary_key=True),
    sa.Column("token_hash", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("created_at", UtcTimestamp, nullable=False),
    sa.Column("expires_at", UtcTimestamp),
    sa.Column("revoked_at", UtcTimestamp),
    sa.CheckConstraint("scope IN ('viewer', 'reserve', 'operator', 'admin')", name="scope"),
)

# The key that signs short-lived owner tokens (JWT); one row, shared by all server processes.
signing_key = sa.Table(
    "signing_key",
    metadata,
    sa.Column("key_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("secret", sa.Text, nullable=False),
    sa.Column("created_at", UtcTimestamp, nullable=False),
    sa.CheckConstraint("key_id = 1", name="one_row"),
)

# One row per accepted write. `command_id` is derived from (actor, idempotency key) where a key was
# given, so this primary key is also what makes a command happen once; `answer` is the first answer.
audit_entry = sa.Table(
    "audit_entry",
    metadata,
    sa.Column("command_id", sa.Text, primary_key=True),
    sa.Column("recorded_at", UtcTimestamp, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("origin", sa.Text),  # the caller's network address
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("idempotency_key", sa.Text),
    sa.Column("request_hash", sa.Text, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    # Null for stock commands: their before and after are the balances in the events themselves.
    sa.Column("before", sa.Text),
    sa.Column("after", sa.Text),
    sa.CheckConstraint("source IN ('api', 'manual', 'import', 'system')", name="source"),
    sa.Index("ix_audit_entry_recorded_at_command_id", "recorded_at", "command_id"),
)
