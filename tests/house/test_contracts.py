"""The import contracts of pyproject.toml can fail: each breaks on a bad import, and only then."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOUSE = {
    "db/engine": "import alembic, sqlalchemy",
    "access/tables": "import sqlalchemy",
    "catalog/model": "import decimal",
    "stock/model/fold": "import onhand.catalog.model",
    "stock/tables": "import sqlalchemy, onhand.db.engine",
    "stock/commands/reserve": "import sqlalchemy, onhand.stock.tables, onhand.stock.model.fold",
    "stock/queries": "import sqlalchemy, onhand.stock.tables",
    "channels/port": "",
    "channels/rakuten/client": "import onhand.channels.port",
    "simulators/rakuten/app": "",
    "orders/commands": "import onhand.channels.port, onhand.stock.commands.reserve",
    "bootstrap/settings": "import pydantic_settings, onhand.channels.rakuten.client",
    "web/api": "import fastapi, starlette, uvicorn, onhand.jobs.orders",
    "jobs/orders": "import onhand.bootstrap.settings, onhand.orders.commands",
    "world/run": "import onhand.simulators.rakuten.app, onhand.jobs.orders",
    "cli/main": "import onhand.world.run, onhand.simulators.rakuten.app, onhand.web.api, uvicorn",
}
BREACHES = {
    "Rooms": {"catalog/queries": "import onhand.stock.queries"},
    "Rooms: a room without a place": {"surprise/__init__": ""},
    "Inside a room": {"stock/model/fold": "import onhand.stock.tables"},
    "A model knows": {"stock/model/fold": "import msgspec"},
    "SQLAlchemy appears": {"web/api": "import sqlalchemy"},
    "Alembic appears": {"stock/commands/reserve": "import alembic"},
    "FastAPI and Starlette": {"cli/main": "import starlette"},
    "The server is started": {"bootstrap/server": "import uvicorn"},
    "Settings are read": {"stock/commands/reserve": "import pydantic_settings"},
    "A shop's client": {"orders/commands": "import onhand.channels.rakuten.client"},
}


def broken_contracts(folder: Path, modules: dict[str, str]) -> list[str]:
    """The names of the contracts that a house of these modules breaks."""
    shutil.copy(ROOT / "pyproject.toml", folder / "pyproject.toml")
    for name, text in modules.items():
        path = folder / f"src/onhand/{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
        for package in path.relative_to(folder / "src").parents[:-1]:
            (folder / "src" / package / "__init__.py").touch()
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": "src", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    broken = re.findall(r"^(.+?) BROKEN", result.stdout, flags=re.MULTILINE)
    assert " kept, " in result.stdout, result.stdout + result.stderr
    assert bool(result.returncode) == bool(broken)
    return broken


def test_a_house_in_order_breaks_no_contract(tmp_path: Path) -> None:
    assert broken_contracts(tmp_path, HOUSE) == []


@pytest.mark.parametrize("contract", BREACHES)
def test_a_breach_breaks_its_contract(contract: str, tmp_path: Path) -> None:
    broken = broken_contracts(tmp_path, {**HOUSE, **BREACHES[contract]})

    assert any(name.startswith(contract.partition(":")[0]) for name in broken)


def test_every_contract_has_a_breach_that_shows_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    names = [contract["name"] for contract in project["tool"]["importlinter"]["contracts"]]

    assert [n for n in names if not any(n.startswith(b.partition(":")[0]) for b in BREACHES)] == []
