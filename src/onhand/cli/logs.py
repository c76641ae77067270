"""Where the server's log lines go, and in which form."""

import logging
import sys

import structlog
from structlog.types import Processor

from onhand.bootstrap.settings import Settings

_ORDER = ["timestamp", "level", "event"]


def configure_logs(settings: Settings) -> None:
    """Write log lines to stderr from LOG_LEVEL on, as LOG_FORMAT says; libraries' warnings too."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    before: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    render: Processor = structlog.processors.LogfmtRenderer(key_order=_ORDER)
    if settings.log_format == "json":
        render = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[*before, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_to_stderr,
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before, processors=[_without_own_fields, render]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


def _to_stderr(*_names: object) -> structlog.PrintLogger:
    """A logger to where stderr is when it first speaks, not where it was at configuration."""
    return structlog.PrintLogger(sys.stderr)


_without_own_fields = structlog.stdlib.ProcessorFormatter.remove_processors_meta
