"""A command with its identity, and what became of it."""

import hashlib
from dataclasses import dataclass

import msgspec
import uuid_utils

from onhand.stock.model.commands import Command
from onhand.stock.model.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Accepted:
    """A command that was done: `answer` is its first answer, JSON text, also on a replay."""

    command_id: str
    answer: str
    replayed: bool


Result = Accepted | Refusal


@dataclass(frozen=True, slots=True)
class Pending:
    """A command with its identity: the same caller's same key gives the same id."""

    command: Command
    command_id: str
    request_hash: str


def identify(command: Command) -> Pending:
    """Give a command its id (derived from caller and key, else new) and a hash of what it asks."""
    body = type(command.ask).__name__.encode() + msgspec.json.encode(command.ask)
    request_hash = hashlib.blake2b(body, digest_size=16).hexdigest()
    if command.idempotency_key is None:
        return Pending(command, new_command_id(), request_hash)
    identity = f"{command.caller.actor}\0{command.idempotency_key}".encode()
    command_id = hashlib.blake2b(identity, digest_size=16).hexdigest()
    return Pending(command, command_id, request_hash)


def new_command_id() -> str:
    """An id for a command without a key: 32 hex digits that sort by time."""
    return uuid_utils.uuid7().hex
