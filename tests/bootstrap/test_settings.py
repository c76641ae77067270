"""Settings: documented, checked, and refused in one line that says how to mend them."""

import re
from pathlib import Path

import pytest

from onhand.access.model import EnvironmentName
from onhand.bootstrap.settings import DatabaseAddress, Settings, SettingsError, load_settings

PAGE = Path(__file__).parents[2] / "docs/reference/settings.md"
LIVE = EnvironmentName.LIVE
TEST = EnvironmentName.TEST


def load(home: Path, **env: str) -> Settings:
    """Settings from these variables only."""
    return load_settings({"ONHAND_HOME": str(home)} | env)


def refusal(home: Path, **env: str) -> str:
    """The line that refuses these variables."""
    with pytest.raises(SettingsError) as caught:
        load(home, **env)
    text = str(caught.value)
    assert len(text.splitlines()) == 1
    return text


def written(default: object) -> str:
    """A default as one writes it into a variable."""
    return str(default).lower() if isinstance(default, bool) else str(default)


def test_the_page_lists_every_setting_as_it_is() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) ?\| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    fields = [
        (
            name.upper(),
            "" if field.default is None else f"`{written(field.default)}`",
            field.description,
        )
        for name, field in Settings.model_fields.items()
    ]

    assert [row for row in rows if row[0] != "DATABASE_URL" or "PostgreSQL" in row[2]] == fields


def test_every_setting_has_a_default(tmp_path: Path) -> None:
    settings = load(tmp_path)

    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.inventory_reservation_ttl == 1800
    assert settings.order_reservation_ttl == 900
    assert settings.reservation_max_units_per_owner is None
    assert settings.inventory_batch_size == 1000


def test_an_empty_variable_counts_as_unset(tmp_path: Path) -> None:
    assert load(tmp_path, PORT="", HOST="  ", DATABASE_URL="") == load(tmp_path)


def test_values_are_read_and_strangers_ignored(tmp_path: Path) -> None:
    settings = load(tmp_path, PORT=" 9000 ", LOG_FORMAT="json", SWEEP_INTERVAL_S="0.5", OTHER="x")

    assert (settings.port, settings.log_format, settings.sweep_interval_s) == (9000, "json", 0.5)


@pytest.mark.parametrize(
    ("name", "value", "mend"),
    [
        ("PORT", "http", "whole number"),
        ("PORT", "80.5", "whole number"),
        ("PORT", "65536", "at most 65535"),
        ("PORT", "-1", "at least 0"),
        ("INVENTORY_RESERVATION_TTL", "0", "at least 1"),
        ("ORDER_RESERVATION_TTL", "15m", "whole number"),
        ("RESERVATION_MAX_UNITS_PER_OWNER", "0", "at least 1"),
        ("INVENTORY_BATCH_SIZE", "10001", "at most 10000"),
        ("MAX_BODY_BYTES", "1MB", "whole number"),
        ("SWEEP_INTERVAL_S", "0", "more than 0"),
        ("SWEEP_INTERVAL_S", "often", "a number"),
        ("SWEEP_INTERVAL_S", "nan", "at most 3600"),
        ("LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("LOG_FORMAT", "xml", "'text' or 'json'"),
        ("DATABASE_URL", "mysql://u:geheim@db.example/x", "only SQLite and PostgreSQL"),
        ("DATABASE_URL", "shop.db", "only SQLite and PostgreSQL"),
        ("DATABASE_URL", "postgresql://u:geheim@db.example:port/x", "malformed"),
        ("DATABASE_URL", "postgresql://u:geheim@[db/x", "malformed"),
        ("DATABASE_URL", "postgresql://u:geheim@db.example", "no name"),
        ("DATABASE_URL", "sqlite://", "needs a file"),
        ("DATABASE_URL", "sqlite:///", "needs a file"),
        ("DATABASE_URL", "sqlite:///:memory:", "needs a file"),
        ("TEST_DATABASE_URL", "oracle://geheim", "only SQLite and PostgreSQL"),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy_and_not_repeated(
    tmp_path: Path, *, name: str, value: str, mend: str
) -> None:
    line = refusal(tmp_path, **{name: value})

    assert line.startswith(f"{name}: ")
    assert mend in line
    assert "geheim" not in line


def test_a_home_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    for home in (file, file / "below"):
        line = refusal(home)
        assert line.startswith(f"ONHAND_HOME: {home} cannot be written")
        assert "name a folder" in line
    assert "`?`" in refusal(tmp_path / "what?")


def test_the_home_is_made_for_its_owner_only(tmp_path: Path) -> None:
    load(tmp_path / "a" / "home")

    assert (tmp_path / "a" / "home").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("env", "live", "test"),
    [
        ({}, ("sqlite:///{home}/live.db", None), ("sqlite:///{home}/test.db", None)),
        (
            {"DATABASE_URL": "sqlite:////data/shop.db"},
            ("sqlite:////data/shop.db", None),
            ("sqlite:////data/shop.test.db", None),
        ),
        (
            {"DATABASE_URL": "postgresql://db.example/x"},
            ("postgresql://db.example/x", "onhand_live"),
            ("postgresql://db.example/x", "onhand_test"),
        ),
        (
            {"DATABASE_URL": "postgres://db.example/x", "TEST_DATABASE_URL": "sqlite:////t.db"},
            ("postgres://db.example/x", "onhand_live"),
            ("sqlite:////t.db", None),
        ),
        (
            {"TEST_DATABASE_URL": "postgresql:///x"},
            ("sqlite:///{home}/live.db", None),
            ("postgresql:///x", "onhand_test"),
        ),
    ],
)
def test_each_environment_has_a_database_of_its_own(
    tmp_path: Path,
    env: dict[str, str],
    live: tuple[str, str | None],
    test: tuple[str, str | None],
) -> None:
    settings = load(tmp_path, **env)

    for name, (url, schema) in ((LIVE, live), (TEST, test)):
        address = DatabaseAddress(url.format(home=tmp_path), schema)
        assert settings.database_of(name) == address


def test_one_file_for_both_environments_is_refused(tmp_path: Path) -> None:
    line = refusal(
        tmp_path,
        DATABASE_URL=f"sqlite:///{tmp_path}/shop.db",
        TEST_DATABASE_URL=f"sqlite:///{tmp_path}/./shop.db",
    )

    assert line.startswith("TEST_DATABASE_URL: ")
