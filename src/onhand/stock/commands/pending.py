"""A command with its identity, and what became of it."""

from dataclasses import dataclass

import msgspec

from onhand.access.commands import new_command_id
from onhand.access.model import Accepted, Refusal, command_id, request_hash
from onhand.stock.model.commands import Command

Result = Accepted | Refusal

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Pending:
    """A command with its identity: the same caller's same key gives the same id."""

    command: Command
    command_id: str
    request_hash: str


def identify(command: Command) -> Pending:
    """Give a command its id (derived from caller and key, else new) and a hash of what it asks."""
    key = command.idempotency_key
    key_space = command.key_space or command.caller.actor
    return Pending(
        command,
        new_command_id() if key is None else command_id(key_space, key),
        request_hash(type(command.ask).__name__, _encode((command.ask, command.store_id))),
    )
