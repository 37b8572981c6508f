"""Logs of the processes in this room: JSON lines on stderr, one event each."""

from __future__ import annotations

import logging
import sys

import structlog


def configure_logs(level: str, *, role: str) -> None:
    """Send all logs of this process to stderr as JSON lines.

    Args:
        level: The least severe kept: "debug", "info", "warning" or "error".
        role: Stands in every line.
    """
    least = logging.getLevelNamesMapping()[level.upper()]
    structlog.contextvars.bind_contextvars(role=role)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # Libraries are chatty below warnings, and what they say is not about a search.
    root.setLevel(max(least, logging.WARNING))
