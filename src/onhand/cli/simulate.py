"""`onhand simulate …`: shops to try Onhand with, which nobody owns, and a whole world of them."""

from pathlib import Path
from typing import Annotated

import typer

from onhand.cli.desk import Options, refuse_options
from onhand.cli.simulated import HOST, Keeper, listening, open_simulated, serve_simulated
from onhand.cli.worlds import world
from onhand.simulators.rakuten import Habits, Rakuten
from onhand.simulators.rakuten.control import describe
from onhand.simulators.rakuten.demo import SHOPS

_ONE_KYUSU = '{"lines":[{"item":"tokyo-kyusu","variant":"normal-inventory","units":1}]}'

commands = typer.Typer(help="Simulated shops, and a simulated world.", no_args_is_help=True)


@commands.callback()
def group() -> None:
    """Simulated shops, and a simulated world."""


@commands.command()
def rakuten(  # tidy: override — typer reads the command's options from here
    context: typer.Context,
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="Where to listen; 8100 if not given.")
    ] = 8100,
    shops: Annotated[
        int,
        typer.Option(min=1, max=len(SHOPS), metavar="N", help="How many shops; 3 if not given."),
    ] = len(SHOPS),
    seed: Annotated[
        int, typer.Option(min=0, metavar="N", help="Other buyers with another; 1 if not given.")
    ] = 1,
    orders_per_hour: Annotated[
        float, typer.Option(min=0, metavar="N", help="Of each shop; 60 if not given, 0 for none.")
    ] = 60,
    state: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep shops, orders and stock here across restarts."),
    ] = None,
) -> None:
    """Run a simulated Rakuten on this machine, with shops that sell by themselves."""
    options: Options = context.obj
    refuse_options(options, ["--database", "--key"])
    with listening(port) as listener:
        simulated = open_simulated(state, shops=shops, seed=seed)
        simulated.start_buyers(Habits(orders_per_hour=orders_per_hour))
        keeper = Keeper(simulated, state)
        keeper.keep()
        _tell(options, simulated, f"http://{HOST}:{listener.getsockname()[1]}")
        serve_simulated(simulated, keeper, listener)
        keeper.keep()
    options.terminal.say("The simulated Rakuten has stopped.")


commands.command()(world)


def _tell(options: Options, simulated: Rakuten, url: str) -> None:
    shops = [describe(shop) for shop in simulated.shops.values()]
    control = f"{url}/_sim"
    first = next(iter(simulated.shops))
    lines = [f"A simulated Rakuten is at {url}"]
    for shop in shops:
        lines += [
            f"Shop {shop['shop']}",
            f"  service secret  {shop['service_secret']}",
            f"  licence key     {shop['license_key']}",
            f"  stock, orders   curl {control}/{shop['shop']}/stock  …/orders",
        ]
    lines += [
        "Order something by hand:",
        f"  curl {control}/{first}/orders -d '{_ONE_KYUSU}'",
        "Stop            Ctrl-C",
    ]
    options.terminal.show({"url": url, "control": control, "shops": shops}, *lines)
