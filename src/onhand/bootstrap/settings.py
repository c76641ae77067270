"""Settings: environment variables with a default each; docs/reference/settings.md lists them."""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from onhand.access.model import EnvironmentName
from onhand.access.secrets import is_secret_key

_POSTGRES_SCHEMES = frozenset({"postgresql", "postgres", "postgresql+psycopg"})
_DATABASE_FORMS = "sqlite:////folder/file.db or postgresql://user:password@host/database"


class SettingsError(Exception):
    """A setting is missing or wrong; its text is one line that names it and how to mend it."""


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """Where one environment's data is; `schema` applies to PostgreSQL."""

    url: str
    schema: str | None


class Settings(BaseSettings):
    """Every setting; the field's name in capitals is the variable's."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore")

    onhand_home: Path = Field(
        default=Path(".onhand"),
        description="Folder for SQLite files, the first tokens and the first set-up link.",
    )
    database_url: str | None = Field(
        default=None,
        description="Where the data is. PostgreSQL keeps `live` and `test` in two schemas "
        "(`onhand_live`, `onhand_test`); an SQLite file is `live`, and `test` lies beside it as "
        "`<name>.test.db`. Without it: `live.db` and `test.db` in `ONHAND_HOME`.",
    )
    test_database_url: str | None = Field(
        default=None, description="Another place for `test`, in the same form."
    )
    onhand_secret_key: SecretStr | None = Field(
        default=None,
        description="Secret keys under which the stores' keys are stored, separated by commas: the "
        "first encrypts, every one decrypts. Without it: the file `secret.key` in `ONHAND_HOME`, "
        "made at the first start.",
    )
    host: str = Field(default="127.0.0.1", description="Address the server listens on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8000, description="Port the server listens on; 0 takes a free one."
    )
    session_idle_s: Annotated[int, Field(ge=60, le=31_536_000)] = Field(
        default=43_200, description="Seconds without a visit after which a person is signed out."
    )
    session_max_s: Annotated[int, Field(ge=60, le=31_536_000)] = Field(
        default=604_800,
        description="Seconds after which a person has to sign in again in any case.",
    )
    inventory_reservation_ttl: Annotated[int, Field(ge=1, le=31_536_000)] = Field(
        default=1800, description="Seconds after which a cart's hold ends."
    )
    order_reservation_ttl: Annotated[int, Field(ge=1, le=31_536_000)] = Field(
        default=900, description="Seconds after which an unpaid order's hold ends."
    )
    reservation_max_units_per_owner: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Most units of one SKU one owner may hold; unset means no limit."
    )
    inventory_batch_size: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=1000, description="Most codes in a batch read, and most lines in a command."
    )
    token_requests_per_minute: Annotated[int, Field(ge=0, le=60_000_000)] = Field(
        default=300_000,
        description="Requests a minute that a token may send to the API, also all at once; counted "
        "by each server process for itself, 0 means no limit.",
    )
    max_body_bytes: Annotated[int, Field(ge=1_000, le=1_000_000_000)] = Field(
        default=1_000_000, description="Longest request body, in bytes."
    )
    import_max_bytes: Annotated[int, Field(ge=1_000, le=1_000_000_000)] = Field(
        default=100_000_000, description="Largest file that is imported, in bytes."
    )
    import_max_rows: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        default=500_000, description="Most rows of a file that is imported, below its header."
    )
    import_preview_ttl: Annotated[int, Field(ge=60, le=3_153_600_000)] = Field(
        default=2_592_000,
        description="Seconds after which a preview that nobody confirmed is forgotten, with its "
        "file.",
    )
    sweep_interval_s: Annotated[float, Field(gt=0, le=3600)] = Field(
        default=5, description="Seconds between sweeps that record ended holds."
    )
    rakuten_base_url: str = Field(
        default="https://api.rms.rakuten.co.jp",
        description="Where Rakuten's RMS WEB SERVICE is; for `live`.",
    )
    rakuten_order_calls_per_s: Annotated[float, Field(gt=0, le=100)] = Field(
        default=1.0,
        description="Calls a second to each function of Rakuten's order API, which publishes no "
        "limit; per store.",
    )
    simulator_port: Annotated[int, Field(ge=1, le=65535)] = Field(
        default=8100,
        description="Port of the simulated shops that `onhand serve` runs beside itself for "
        "`test`; they listen on 127.0.0.1 only.",
    )
    simulator_orders_per_hour: Annotated[float, Field(ge=0, le=100_000)] = Field(
        default=240,
        description="Orders an hour that the simulated shops sell together, by themselves.",
    )
    mock_mode: bool = Field(
        default=False, description="Whether the stores of `live` use the simulated shops, too."
    )
    run_jobs: bool = Field(
        default=True,
        description="Whether `onhand serve` also takes in orders and pushes stock. Any number of "
        "processes may: they share the work.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least important log lines that are written."
    )
    log_format: Literal["text", "json"] = Field(default="text", description="Form of log lines.")

    @field_validator("database_url", "test_database_url")
    @classmethod
    def _check_database_url(cls, url: str | None) -> str | None:
        """Only what can be told without connecting; the text never repeats the address."""
        if url is None:
            return None
        try:
            parts = urlsplit(url)
            port_known = parts.port is None or parts.port > 0
        except ValueError:
            raise ValueError(f"the address is malformed; write {_DATABASE_FORMS}") from None
        if parts.scheme == "sqlite":
            file = url.removeprefix("sqlite:///")
            if not url.startswith("sqlite:///") or not file.strip("/") or file == ":memory:":
                raise ValueError("SQLite needs a file; write sqlite:////folder/file.db")
        elif parts.scheme not in _POSTGRES_SCHEMES:
            raise ValueError(f"only SQLite and PostgreSQL are supported; write {_DATABASE_FORMS}")
        elif not port_known or not parts.path.strip("/"):
            raise ValueError("the database has no name; write postgresql://user@host/database")
        return url

    @field_validator("onhand_secret_key")
    @classmethod
    def _check_secret_key(cls, keys: SecretStr | None) -> SecretStr | None:
        """The text never repeats a key."""
        if keys is None:
            return None
        given = split_keys(keys.get_secret_value())
        if not given or not all(map(is_secret_key, given)):
            raise ValueError(
                "every key must be 32 bytes in URL-safe base64; make one with "
                "`openssl rand -base64 32 | tr +/ -_`"
            )
        return keys

    @classmethod
    def settings_customise_sources(  # tidy: override — the base class calls it with these
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """`load_settings` reads the variables; nothing else is looked at."""
        return (init_settings,)

    @property
    def simulator_address(self) -> str:
        """Where the simulated shops are."""
        return f"http://127.0.0.1:{self.simulator_port}"

    def database_of(self, environment: EnvironmentName) -> DatabaseAddress:
        """Where this environment's data is."""
        chosen = self.database_url
        if environment is EnvironmentName.TEST and self.test_database_url is not None:
            chosen = self.test_database_url
        if chosen is None:
            file = self.onhand_home.absolute() / f"{environment.value}.db"
            return DatabaseAddress(f"sqlite:///{file}", None)
        if urlsplit(chosen).scheme != "sqlite":
            return DatabaseAddress(chosen, f"onhand_{environment.value}")
        if environment is EnvironmentName.TEST and self.test_database_url is None:
            file = Path(chosen.removeprefix("sqlite:///"))
            return DatabaseAddress(f"sqlite:///{file.with_suffix('.test.db')}", None)
        return DatabaseAddress(chosen, None)


def split_keys(text: str) -> list[str]:
    """Secret keys as they are written, separated by commas or white space."""
    return text.replace(",", " ").split()


def load_settings(env: Mapping[str, str] | None = None) -> Settings:
    """Read and check all settings, from `env` or the process environment; makes the home folder.

    Raises:
        SettingsError: a value is wrong, or the home folder cannot be used.
    """
    source = EnvSettingsSource(Settings)
    given = os.environ if env is None else env
    source.env_vars = {name.lower(): text.strip() for name, text in given.items() if text.strip()}
    try:
        settings = Settings(**source())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0]).upper()
        raise SettingsError(f"{name}: {_mend(first)}") from None
    _prepare_home(settings.onhand_home)
    _check_addresses(settings)
    return settings


# What pydantic found wrong, in our words; the value itself is not repeated.
_WRONG = {
    "int_parsing": "it must be a whole number",
    "float_parsing": "it must be a number",
    "greater_than_equal": "it must be at least {ge:.0f}",
    "greater_than": "it must be more than {gt:.0f}",
    "less_than_equal": "it must be at most {le:.0f}",
    "literal_error": "it must be {expected}",
}


def _mend(error: Mapping[str, Any]) -> str:
    """What is wrong and what to write instead."""
    facts = error.get("ctx", {})
    if "error" in facts:
        return str(facts["error"])
    wrong = _WRONG.get(error["type"], error["msg"]).format(**facts)
    return f"{wrong}; correct it, or unset it to use the default"


def _prepare_home(home: Path) -> None:
    if "?" in str(home.absolute()):  # it would begin the options of an SQLite address
        raise SettingsError("ONHAND_HOME: a folder with `?` in its name cannot be used")
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        raise SettingsError(
            f"ONHAND_HOME: {home} cannot be written ({error.strerror}); "
            "name a folder this user may write to"
        ) from error


def _check_addresses(settings: Settings) -> None:
    live, test = (_place(settings.database_of(name)) for name in EnvironmentName)
    if live == test:
        raise SettingsError(
            "TEST_DATABASE_URL: it is the database of `live`; name another, or unset it"
        )


def _place(address: DatabaseAddress) -> tuple[str, str | None]:
    """What two addresses of one database have in common."""
    if address.schema is None:
        return str(Path(address.url.removeprefix("sqlite:///")).resolve()), None
    return address.url, address.schema
