"""`onhand stock …`: the group of what is read, what is written, and what is taken back."""

import typer

from onhand.cli import stock_reads, stock_writes, undo

commands = typer.Typer(help="Units: what is there, what is held, what moved.", no_args_is_help=True)
commands.add_typer(stock_reads.commands)
commands.add_typer(stock_writes.commands)
commands.add_typer(undo.commands)
