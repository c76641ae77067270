"""`onhand db …`: upgrade."""

import typer

from onhand.access.model import EnvironmentName
from onhand.bootstrap.settings import load_settings
from onhand.cli.desk import Options, chosen_address, place_name
from onhand.cli.terminal import table
from onhand.db.database import Database
from onhand.db.migrate import upgrade as bring_up_to_date

commands = typer.Typer(help="The databases themselves.", no_args_is_help=True)


@commands.callback()
def group() -> None:
    """The databases themselves."""


@commands.command()
def upgrade(context: typer.Context) -> None:
    """Bring databases to this version. Both environments, or `--database`."""
    options: Options = context.obj
    settings = load_settings()
    if options.database is None:
        addresses = [settings.database_of(name) for name in EnvironmentName]
    else:
        addresses = [chosen_address(options, settings)]
    done = []
    for address in addresses:
        database = Database(address.url, schema=address.schema)
        try:
            before, after = bring_up_to_date(database)
        finally:
            database.dispose()
        done.append({"database": place_name(address), "before": before, "after": after})
    rows = [tuple(one.values()) for one in done]
    options.terminal.show({"upgraded": done}, table(("database", "was", "is"), rows))
