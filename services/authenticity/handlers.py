"""What the authenticity service does with the messages of its queue. Each handler may run twice and in any order."""

from __future__ import annotations

from shared.messaging import Handlers


def handlers() -> Handlers:
    """The messages of the queue `authenticity`, each with what is done about it."""
    return {}
