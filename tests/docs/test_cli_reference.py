"""docs/reference/cli.md and the real command tree say the same."""

import re
from pathlib import Path

import pytest

from onhand.cli.exits import ExitCode
from onhand.cli.main import command_tree
from tests.docs.cli_tree import commands, global_rows, option_rows, summary, usage

REFERENCE = (Path(__file__).parents[2] / "docs/reference/cli.md").read_text(encoding="utf-8")
PREFACE, COMMANDS = REFERENCE.split("\n## Commands\n")
SECTIONS = dict(re.findall(r"^### (.+?)\n(.*?)(?=^### |\Z)", COMMANDS, re.MULTILINE | re.DOTALL))


def rows_of(text: str) -> list[str]:
    """The rows of its option tables."""
    return [line for line in text.splitlines() if line.startswith("| `--")]


def test_the_commands_are_those_of_the_program_in_its_order() -> None:
    assert [f"onhand {name}" for name in SECTIONS] == list(commands())


@pytest.mark.parametrize("name", list(commands()))
def test_a_command_is_described_as_it_is(name: str) -> None:
    command = commands()[name]
    section = SECTIONS[name.removeprefix("onhand ")]

    assert f"```\n{usage(name, command)}\n```" in section
    assert f"\n{summary(command)}\n" in section
    assert rows_of(section) == option_rows(command)


def test_the_global_options_are_described_as_they_are() -> None:
    assert rows_of(PREFACE) == global_rows()
    assert command_tree().info.name == "onhand"


def test_every_exit_code_is_listed() -> None:
    listed = re.findall(r"^\| (\d+) \|", PREFACE, re.MULTILINE)

    assert [int(code) for code in listed] == [*(code.value for code in ExitCode), 130]
