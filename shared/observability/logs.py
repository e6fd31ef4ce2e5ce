"""Structured logs, one JSON object a line, each with the correlation id of the request that caused it."""

from __future__ import annotations

import logging
import sys
import traceback
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import structlog

from shared.observability.masking import masked

NOT_TOLD = "(its words are not logged, since they may name a shopper)"
_WITH_VALUES = ("sqlalchemy", "psycopg", "sqlite3", "pydantic_core")
_CHATTY = ("celery", "kombu", "httpx", "httpcore", "uvicorn", "alembic", "qdrant_client")


def configure(service: str, level: str = "INFO") -> None:
    """Send this process's logs, those of libraries included, to standard output as JSON lines.

    Our own go straight to the stream, because a line is written for every message; libraries' go through `logging`.
    """
    common: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _default_service(service),
    ]
    render = structlog.processors.JSONRenderer(serializer=orjson.dumps)
    structlog.configure(
        processors=[*common, structlog.processors.ExceptionRenderer(_traceback), render, _mask],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.BytesLoggerFactory(sys.stdout.buffer),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*common, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.ExceptionRenderer(_traceback),
                structlog.processors.JSONRenderer(),
                _mask_text,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _mask(_logger: object, _method: str, line: Any) -> bytes:
    return masked(line)


def _mask_text(_logger: object, _method: str, line: Any) -> str:
    return masked(line.encode()).decode()


def holds_values(error: BaseException) -> bool:
    """Whether the words of an error hold what stood in a row or a message."""
    return type(error).__module__.partition(".")[0] in _WITH_VALUES


def _traceback(exc_info: structlog.typing.ExcInfo) -> str:
    text = "".join(traceback.format_exception(*exc_info)).rstrip("\n")
    error: BaseException | None = exc_info[1]
    while error is not None:
        if holds_values(error) and str(error):
            text = text.replace(str(error), NOT_TOLD)
        error = error.__cause__ or error.__context__
    return text


def _default_service(service: str) -> structlog.typing.Processor:
    def add(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event.setdefault("service", service)
        return event

    return add


def correlation_id() -> str:
    """The id of the request or message being handled; a new one outside of any."""
    bound_id = structlog.contextvars.get_contextvars().get("correlation_id")
    return str(bound_id) if bound_id else uuid.uuid4().hex


@contextmanager
def bound(**values: str) -> Iterator[None]:
    """Put these on every log line, message and outgoing request made inside."""
    with structlog.contextvars.bound_contextvars(**values):
        yield
