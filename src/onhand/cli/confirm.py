"""Asking before something that cannot be taken back."""

import sys

import typer


def ask_first(question: str, *, is_sure: bool) -> None:
    """Go on only with `--yes` or a yes at the terminal.

    Raises:
        BadParameter: nobody is there to answer.
        Exit: the answer was no; the code is 1.
    """
    if is_sure:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter("nobody is there to confirm; add --yes")
    if not typer.confirm(question, err=True):
        raise typer.Exit(1)
