"""The port that a handler publishes through."""

from __future__ import annotations

from typing import Protocol

from shared.contracts.messages import Message


class Publisher(Protocol):
    def publish(self, message: Message) -> None:
        """Send a message to every subscriber's queue. Raises `Retryable` when the broker cannot be reached."""
        ...
