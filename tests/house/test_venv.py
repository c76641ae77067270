"""tools/venv.sh finds its state or says in one line what is missing."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COPIED = ("Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that was never installed, with a blank in its path."""
    folder = tmp_path / "my shop"
    (folder / "tools").mkdir(parents=True)
    for name in COPIED:
        shutil.copy(ROOT / name, folder / name)
    shutil.copy(ROOT / "tools/venv.sh", folder / "tools/venv.sh")
    shutil.copy(interpreter(tmp_path, "exit 0"), folder / "tools/assets.sh")
    return folder


def run(checkout: Path, *command: str, python: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command in the checkout."""
    environment = {"PATH": os.environ["PATH"], "PYTHON": python, "HOME": str(checkout)}
    return subprocess.run(
        command, cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )


def interpreter(folder: Path, body: str) -> str:
    """A program in place of Python that answers each question by its own rule."""
    path = folder / "python-stub"
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("body", [None, "exit 1"], ids=["absent", "too old"])
def test_an_unsuitable_python_is_named_in_one_line(body: str | None, checkout: Path) -> None:
    python = interpreter(checkout, body) if body else "/nowhere/python3"
    result = run(checkout, "tools/venv.sh", "run", python=python)

    assert result.returncode == 1
    assert result.stderr == f"onhand: PYTHON={python} is not a Python 3.11 or newer\n"
    assert not (checkout / ".venv").exists()


def test_a_missing_venv_module_is_named_with_its_remedy(checkout: Path) -> None:
    python = interpreter(checkout, 'case "$2" in *ensurepip*) exit 1 ;; esac')
    result = run(checkout, "tools/venv.sh", "run", python=python)

    assert result.returncode == 1
    assert result.stderr.startswith(f"onhand: {python} has no venv module; install it")
    assert result.stderr.count("\n") == 1


def installed(checkout: Path, level: str) -> Path:
    """Give the checkout an environment installed at `level`; return what its Python was asked."""
    binary = checkout / ".venv/bin"
    binary.mkdir(parents=True)
    asked = checkout / "asked"
    asked.touch()
    shutil.move(interpreter(checkout, f'echo "$@" >>"{asked}"'), binary / "python")
    files = "requirements.lock requirements-dev.lock pyproject.toml tools/venv.sh"
    state = run(checkout, "sh", "-c", f"cat {files} | cksum; pwd").stdout
    (checkout / ".venv/installed").write_text(f"{level} {state}", encoding="utf-8")
    return asked


@pytest.mark.parametrize(("level", "wanted"), [("run", "run"), ("dev", "run"), ("dev", "dev")])
def test_what_is_installed_is_not_installed_again(level: str, wanted: str, checkout: Path) -> None:
    asked = installed(checkout, level)
    result = run(checkout, "tools/venv.sh", wanted)

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert asked.read_text() == ""


@pytest.mark.parametrize(
    ("wanted", "changed", "lock"),
    [
        ("dev", None, "requirements-dev.lock"),
        ("run", "requirements.lock", "requirements.lock"),
        ("run", "pyproject.toml", "requirements.lock"),
    ],
)
def test_what_is_missing_or_outdated_is_installed_once(
    wanted: str, changed: str | None, lock: str, checkout: Path
) -> None:
    asked = installed(checkout, "run")
    if changed:
        with (checkout / changed).open("a", encoding="utf-8") as file:
            file.write("# changed\n")
    first = run(checkout, "tools/venv.sh", wanted)
    calls = asked.read_text().splitlines()
    second = run(checkout, "tools/venv.sh", wanted)

    assert (first.returncode, second.returncode, second.stderr) == (0, 0, "")
    assert first.stderr.startswith("Installing ")
    assert [call.split(" install ")[1] for call in calls] == [
        f"--require-hashes --only-binary :all: --requirement {lock}",
        "--no-deps --no-build-isolation --editable .",
    ]
    assert asked.read_text().splitlines() == calls


def test_a_failed_installation_is_not_taken_for_done(checkout: Path) -> None:
    installed(checkout, "run")
    python = checkout / ".venv/bin/python"
    python.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    results = [run(checkout, "tools/venv.sh", "dev") for _ in range(2)]

    assert [result.returncode for result in results] == [1, 1]
    assert "onhand: installing failed" in results[1].stderr
    assert not (checkout / ".venv/installed").exists()


def test_make_run_serves_on_the_port_and_the_data_folder_asked_for(checkout: Path) -> None:
    installed(checkout, "run")
    onhand = interpreter(checkout, 'echo "$@ $PORT $ONHAND_HOME"')
    shutil.move(onhand, checkout / ".venv/bin/onhand")

    assert run(checkout, "make", "run").stdout == f"serve 8000 {checkout}/.onhand\n"
    asked = run(checkout, "make", "run", "PORT=8123", "ONHAND_HOME=other data")
    assert asked.stdout == "serve 8123 other data\n"


def test_make_alone_lists_its_targets_and_installs_nothing(checkout: Path) -> None:
    result = run(checkout, "make")
    targets = [line.split()[1] for line in result.stdout.splitlines()]

    assert result.returncode == 0, result.stderr
    assert targets == ["help", "run", "test", "check", "bench", "assets", "lock", "clean"]
    assert not (checkout / ".venv").exists()
