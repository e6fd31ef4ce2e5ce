"""The port to what a broker's transport does in its own way: looking at queues, and what a dead worker had taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from shared.contracts.routes import Service

SENT_AT = "loupe-sent-at"
"""The header with the moment at which a bundle was published, in seconds since 1970."""


@dataclass(frozen=True)
class QueueDepth:
    """`waiting` bundles nobody took yet, `working` taken and not acknowledged, `oldest_seconds` the longest wait.

    A bundle holds one or more messages of a type, `Message.bundle` at most. None is what the broker does not tell.
    """

    waiting: int
    working: int | None
    oldest_seconds: float | None


class Queues(Protocol):
    """One connection, safe to use from several threads. Methods raise one of `errors` when the broker is away."""

    errors: tuple[type[Exception], ...]
    refusals: tuple[type[Exception], ...]
    """Those of `errors` that say that the credentials are wrong."""
    transport_options: Mapping[str, Any]
    """Celery's `broker_transport_options`."""
    publish_options: Mapping[str, Any]
    """What `send_task` is given besides."""

    def depth(self, queue: Service) -> QueueDepth: ...

    def takes(self, queues: Iterable[Service]) -> None:
        """This role reads these queues."""
        ...

    def restore_unacknowledged(self) -> int:
        """Put back what a dead worker of this role had taken; how many bundles."""
        ...

    def compact(self) -> None:
        """Write the broker's files anew without what is gone."""
        ...

    def memory(self) -> int | None:
        """Bytes that the broker has in use; None where it does not tell."""
        ...

    def ping(self) -> None: ...

    def close(self) -> None: ...
