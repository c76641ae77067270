"""How a command ends: exit codes that scripts can trust, listed in docs/reference/cli.md."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Every code a command ends with; 130 is an interruption from the keyboard."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    SETTINGS = 3
    DATABASE = 4
    MACHINE = 5


class Stop(Exception):
    """The command cannot go on; the message is one line for the person who called it."""

    def __init__(self, code: ExitCode, message: str) -> None:
        """`message` is shown on stderr, `code` is what the process ends with."""
        super().__init__(message)
        self.code = code
