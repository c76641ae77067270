"""The real command tree, told in the words docs/reference/cli.md must use."""

from collections.abc import Iterator
from typing import Any

import typer.main

from onhand.cli.main import command_tree


def commands() -> dict[str, Any]:
    """Every command by its full name, groups left out."""
    root: Any = typer.main.get_command(command_tree())
    return dict(_leaves("onhand", root))


def _leaves(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "commands"):
        yield name, command
        return
    for part, below in command.commands.items():
        yield from _leaves(f"{name} {part}", below)


def usage(name: str, command: Any) -> str:
    """The command with its arguments and options, optional ones in brackets."""
    words = [name]
    words += [_argument(one) for one in command.params if one.param_type_name == "argument"]
    for option in _options(command):
        text = _option(option)
        words.append(text if option.required else f"[{text}]")
    return " ".join(words)


def option_rows(command: Any) -> list[str]:
    """A table row for each option, with the text of `--help`."""
    return [
        "| `{}` | {} |".format(_option(one).replace("|", r"\|"), one.help)
        for one in _options(command)
    ]


def global_rows() -> list[str]:
    """The rows of the options that may stand anywhere."""
    return option_rows(typer.main.get_command(command_tree()))


def summary(command: Any) -> str:
    """What `--help` says the command does, on one line."""
    return " ".join(command.help.split())


def _options(command: Any) -> list[Any]:
    return [one for one in command.params if one.param_type_name == "option" and one.name != "help"]


def _argument(argument: Any) -> str:
    text: str = argument.metavar
    if argument.nargs == -1:
        text += "..."
    return text if argument.required else f"[{text}]"


def _option(option: Any) -> str:
    flags = "/".join([*option.opts, *option.secondary_opts])
    if option.is_flag:
        return flags
    assert option.metavar, f"{flags} does not say what its value is"
    return f"{flags} {option.metavar}"
