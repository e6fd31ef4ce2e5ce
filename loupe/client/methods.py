"""What both clients share: their defaults, and how a description of a call becomes a method."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import httpx

_F = TypeVar("_F", bound=Callable[..., Any])

SECONDS = 60.0
"""A photo of 20 MB over a phone's connection, and its analysis on a busy CPU."""
PATIENCE = 30.0
"""A gateway that is started anew is back by then."""
_CONNECTIONS = 32
_CONNECT_SECONDS = 5.0
_IDLE_SECONDS = 3.0
"""Less than the 5 for which the gateway keeps a connection open: what is sent as it closes is lost."""


def connections(seconds: float) -> dict[str, Any]:
    """How either client of httpx connects, and waits for answers."""
    return {
        "timeout": httpx.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS)),
        "limits": httpx.Limits(
            max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS, keepalive_expiry=_IDLE_SECONDS
        ),
    }


def as_method(method: _F, describe: Callable[..., Any], returns: str) -> _F:
    """`method` under the name, the words and the arguments of `describe`, for `help` and editors.

    `returns` is what it returns of `T`, where the description is a `Call[T]`, `Steps[T]` or `Pages[T]`.
    """
    told = inspect.signature(describe)
    this = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    result = str(told.return_annotation).partition("[")[2].removesuffix("]")
    method.__name__, method.__doc__ = describe.__name__, describe.__doc__
    method.__wrapped__ = describe  # type: ignore[attr-defined]
    method.__signature__ = told.replace(  # type: ignore[attr-defined]
        parameters=[this, *told.parameters.values()], return_annotation=returns.format(result)
    )
    return method
