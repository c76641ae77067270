"""Reads of API tokens and the key that signs owner tokens."""

from datetime import datetime

import msgspec
import sqlalchemy as sa

from onhand.access.tables import api_token, signing_key


class TokenView(msgspec.Struct, frozen=True):
    """A token without its secret."""

    token_id: str
    name: str
    scope: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


def find_token(connection: sa.Connection, secret_hash: str) -> TokenView | None:
    """The token whose secret has this hash (`access.model.token_hash`), None if there is none."""
    statement = sa.select(api_token).where(api_token.c.token_hash == secret_hash)
    row = connection.execute(statement).first()
    return None if row is None else _token_view(row)


def read_token(connection: sa.Connection, token_id: str) -> TokenView | None:
    """The token with this id, None if there is none."""
    row = connection.execute(sa.select(api_token).where(api_token.c.token_id == token_id)).first()
    return None if row is None else _token_view(row)


def list_tokens(connection: sa.Connection) -> list[TokenView]:
    """Every token ever made, oldest first, revoked ones included."""
    statement = sa.select(api_token).order_by(api_token.c.created_at, api_token.c.token_id)
    return [_token_view(row) for row in connection.execute(statement)]


def read_signing_key(connection: sa.Connection) -> str | None:
    """The secret that signs owner tokens, None before the first start."""
    return connection.execute(sa.select(signing_key.c.secret)).scalar_one_or_none()


def _token_view(row: sa.Row[tuple[object, ...]]) -> TokenView:
    return TokenView(
        row.token_id, row.name, row.scope, row.created_at, row.expires_at, row.revoked_at
    )
