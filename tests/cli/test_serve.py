"""`onhand serve`: what it makes, what it says, how it ends."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from tests.cli.serving import ONHAND, serving, surroundings


@pytest.mark.slow
def test_a_second_start_loses_nothing_and_keeps_the_token(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with serving(tmp_path, ONHAND_HOME="data") as first:
        token = Path(first.told["tokens"]["test"]).read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        body = {"mode": "add", "quantity": 5, "reason": "found"}
        url = f"{first.url}/api/v1/inventory/ce1111"
        before = httpx.get(url, headers=headers).json()["on_hand"]
        done = httpx.put(f"{url}/adjust", headers=headers, json=body)
        code, err = first.stop()

    with serving(tmp_path, ONHAND_HOME="data") as second:
        level = httpx.get(f"{second.url}/api/v1/inventory/ce1111", headers=headers)
        interrupted, _ = second.stop(signal.SIGINT)

    assert first.told["home"] == str(tmp_path / "data")
    assert done.status_code == level.status_code == 200
    assert level.json()["on_hand"] == before + 5
    assert (code, interrupted) == (0, 0)
    assert "stopped" in err
    assert Path(second.told["tokens"]["test"]).read_text().strip() == token


@pytest.mark.slow
@pytest.mark.parametrize("option", [(), ("--json",)])
def test_a_port_in_use_ends_with_5_before_anything_is_touched(
    tmp_path: Path, option: tuple[str, ...]
) -> None:
    with serving(tmp_path, ONHAND_HOME="first") as server:
        port = server.url.rpartition(":")[2]
        other = subprocess.run(
            [ONHAND, "serve", "--port", port, *option],
            cwd=tmp_path,
            env=surroundings({"ONHAND_HOME": "second"}),
            capture_output=True,
            text=True,
            check=False,
        )

    assert other.returncode == 5
    assert other.stdout == ""
    assert f"PORT: cannot listen on 127.0.0.1:{port}" in other.stderr
    assert other.stderr.count("\n") == 1
    assert list((tmp_path / "second").iterdir()) == []


def test_an_address_that_is_not_ours_ends_with_5(tmp_path: Path) -> None:
    done = subprocess.run(
        [ONHAND, "serve", "--host", "nowhere.invalid"],
        cwd=tmp_path,
        env=surroundings({}),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 5
    assert done.stderr.startswith("onhand: HOST: nowhere.invalid:8000")
    assert done.stderr.count("\n") == 1


@pytest.fixture
def own_database(postgres_url: str) -> Iterator[str]:
    """The address of a database of the test's own: a server's schemas have fixed names."""
    name = f"onhand_serve_{os.getpid()}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield urlsplit(postgres_url)._replace(path=f"/{name}").geturl()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.mark.slow
def test_two_servers_share_one_postgresql(tmp_path: Path, own_database: str) -> None:
    settings = {"DATABASE_URL": own_database, "ONHAND_HOME": "data"}
    with serving(tmp_path, **settings) as one, serving(tmp_path, **settings) as other:
        token = Path(one.told["tokens"]["test"]).read_text().strip()
        client = httpx.Client(headers={"Authorization": f"Bearer {token}"})
        body = {"mode": "set", "quantity": 3, "reason": "shelf recounted"}
        path = "/api/v1/inventory/ce1111"
        with client:
            set_here = client.put(f"{one.url}{path}/adjust", json=body)
            seen_there = client.get(f"{other.url}{path}")
        ends = one.stop()[0], other.stop()[0]

    assert set_here.status_code == seen_there.status_code == 200
    assert seen_there.json()["on_hand"] == 3
    assert ends == (0, 0)


@pytest.mark.slow
def test_log_lines_go_to_stderr_in_the_form_that_is_set(tmp_path: Path) -> None:
    with serving(tmp_path, LOG_LEVEL="info", LOG_FORMAT="json") as server:
        httpx.get(f"{server.url}/health")
        _, as_json = server.stop()
    with serving(tmp_path, LOG_LEVEL="info") as server:
        httpx.get(f"{server.url}/health")
        _, as_text = server.stop()

    assert '"path":"/health"' in as_json.replace('": "', '":"')
    assert "path=/health status=200" in as_text
