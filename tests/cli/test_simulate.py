"""`onhand simulate rakuten`, as a person starts it."""

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from onhand.cli.exits import ExitCode
from tests.cli.conftest import Run
from tests.cli.serving import ONHAND, surroundings

START = [str(ONHAND), "simulate", "rakuten", "--port", "0", "--json"]


def start(folder: Path, *options: str) -> tuple[subprocess.Popen[str], Any]:
    """The process, and what it told when it was ready."""
    process = subprocess.Popen(
        [*START, *options],
        cwd=folder,
        env=surroundings({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    return process, json.loads(line)


def order(told: Any) -> str:
    """Buy a teapot in Tokyo; gives the order number."""
    lines = [{"item": "tokyo-kyusu", "variant": "normal-inventory", "units": 1}]
    url = f"{told['control']}/tokyo-bags/orders"
    number: str = httpx.post(url, json={"lines": lines}, trust_env=False).json()["order"]
    return number


@pytest.mark.slow
def test_orders_and_stock_survive_restarts(tmp_path: Path) -> None:
    options = ("--state", "shops.json", "--orders-per-hour", "0", "--shops", "2")
    numbers = []
    stock: list[dict[str, Any]] = []
    told: Any = None
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
        process, told = start(tmp_path, *options)
        try:
            numbers.append(order(told))
            stock = httpx.get(f"{told['control']}/tokyo-bags/stock", trust_env=False).json()
            process.send_signal(number)
            _, said = process.communicate(timeout=20)
        finally:
            process.kill()
            process.wait()
        assert process.returncode == (-signal.SIGKILL if number is signal.SIGKILL else 0), said

    assert len(set(numbers)) == 3
    assert {row["units"] for row in stock if row["item"] == "tokyo-kyusu"} == {44}
    assert [shop["shop"] for shop in told["shops"]] == ["tokyo-bags", "osaka-bags"]
    assert told["shops"][0]["license_key"] == "SL-FAKE-TOKYO-BAGS-1"


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff"])
def test_a_file_that_is_no_state(run: Run, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "shops.json"
    file.write_bytes(content)
    done = run("simulate", "rakuten", "--port", "0", "--state", str(file))

    assert done.code == ExitCode.USAGE
    assert "is no state of a simulated Rakuten" in done.err
    assert file.read_bytes() == content


def test_a_folder_that_is_not_there(run: Run, tmp_path: Path) -> None:
    done = run("simulate", "rakuten", "--port", "0", "--state", str(tmp_path / "no" / "x.json"))
    assert done.code == ExitCode.MACHINE
    assert "--state: cannot write" in done.err


@pytest.mark.slow
def test_a_port_in_use(run: Run, tmp_path: Path) -> None:
    process, told = start(tmp_path)
    try:
        done = run("simulate", "rakuten", "--port", told["url"].rpartition(":")[2])
    finally:
        process.kill()
        process.communicate()
    assert done.code == ExitCode.MACHINE
    assert "choose another port" in done.err
