"""What is noted of messages that are handled: how long they waited and took, and what of them may be told."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import structlog
from celery import Task

from shared.contracts.routes import Service
from shared.errors import LoupeError
from shared.messaging.queues import SENT_AT
from shared.observability import logs, metrics

_log = structlog.get_logger(__name__)
_TOLD = ("tenant", "correlation_id", "image_id", "sku")


def note_wait(task: Task, service: Service) -> None:
    """How long a bundle waited for a worker; one that is tried again has waited on purpose."""
    sent_at = task.request.get(SENT_AT)
    if sent_at and not task.request.retries:
        metrics.MESSAGE_WAIT.labels(service).observe(max(0.0, time.time() - sent_at))


def note_handled(service: Service, name: str, outcome: str, seconds: float, **context: str) -> None:
    metrics.MESSAGE_SECONDS.labels(service, name).observe(seconds)
    metrics.MESSAGES.labels(service, name, outcome).inc()
    told = context | {"service": service, "message": name} if context else {}
    _log.info("message_handled", outcome=outcome, ms=round(seconds * 1000, 1), **told)


def context_of(payload: Mapping[str, Any]) -> dict[str, str]:
    """What leads through the logs."""
    return {key: payload[key] for key in _TOLD if isinstance(payload.get(key), str)}


def words_of(error: Exception) -> str:
    """What may be told of it: whatever holds values out of a row or a message may name a shopper."""
    return str(error) if isinstance(error, LoupeError) or not logs.holds_values(error) else logs.NOT_TOLD
