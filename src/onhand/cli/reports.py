"""`onhand report NAME`."""

from typing import Annotated

import typer

from onhand.cli.arguments import parse_moment
from onhand.cli.desk import open_desk
from onhand.cli.terminal import table
from onhand.stock.queries.reports import NAMES, Wanted, period_of, read_report

_MOST_ROWS = 1000


def report(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help=", ".join(NAMES))],
    *,
    since: Annotated[
        str | None,
        typer.Option(metavar="MOMENT", help="From then on; 30 days ago if not given."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="MOMENT", help="Until just before then, else until now.")
    ] = None,
    zone: Annotated[
        str, typer.Option(metavar="ZONE", help="Where days begin, as Asia/Tokyo.")
    ] = "UTC",
) -> None:
    """Stock in numbers over a period: rows, then totals."""
    if name not in NAMES:
        raise typer.BadParameter(f"{name[:40]!r} is no report; there are {', '.join(NAMES)}")
    with open_desk(context, refused=("--key",)) as desk:
        now = desk.now()
        moments = [None if text is None else parse_moment(text) for text in (since, until)]
        try:
            wanted = Wanted(
                period_of(name, moments[0], moments[1], zone=zone, now=now), now, _MOST_ROWS
            )
            with desk.database.snapshot() as connection:
                found = read_report(connection, name, wanted)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
        columns = list(found.rows[0]) if found.rows else []
        desk.terminal.show(
            found,
            table(columns, [list(row.values()) for row in found.rows]),
            table(("total", ""), list(found.totals.items())),
        )
        if found.more:
            desk.terminal.say(f"There are more than {_MOST_ROWS:,}.")
