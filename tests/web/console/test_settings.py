"""The settings in force: all of them, with where they come from, and no secret."""

import re

import pytest
from pydantic import SecretStr

from onhand.bootstrap.settings import Settings
from onhand.web.console.pages.settings import masked
from onhand.web.console.pages.settings_words import GROUPS
from tests.web.console.client import Console


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings that are secret or were set."""
    secrets = {
        "onhand_secret_key": SecretStr("geheim-key"),
        "database_url": "postgresql://kai:geheim@db.example:5432/onhand?password=geheim",
    }
    return settings.model_copy(update=secrets)


def test_every_setting_has_words() -> None:
    assert sorted(name for of in GROUPS.values() for name in of) == sorted(Settings.model_fields)


def test_the_page_shows_every_setting_and_no_secret(console: Console) -> None:
    page = console.get("/settings")
    for name in Settings.model_fields:
        assert f">{name.upper()}</small>" in page, name
    assert "geheim" not in page
    assert "kai" not in page
    assert "postgresql://db.example:5432/onhand<" in page
    assert re.search(r"ONHAND_SECRET_KEY</small></td>\s*<td[^>]*>•+</td>", page)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("sqlite:////data/live.db", "sqlite:////data/live.db"),
        ("postgresql://u:p@a,b:5433/x?sslkey=y", "postgresql://a,b:5433/x"),
        ("postgresql:///x?host=/run&user=u", "postgresql:///x"),
    ],
)
def test_an_address_is_shown_without_who_signs_in(address: str, shown: str) -> None:
    assert masked(address) == shown
