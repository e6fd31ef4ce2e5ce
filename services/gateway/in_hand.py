"""How many requests, and how much of their bodies in memory, one gateway has in hand at once."""

from __future__ import annotations

import math
import re
import time

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway import metrics
from services.gateway.limits import MAX_JSON_BYTES, body_limit
from shared.contracts.imports import MAX_IMPORT_BYTES
from shared.errors import Overloaded
from shared.observability.http import respond

_ALWAYS = {"/healthz", "/readyz", "/metrics"}
_SPOOLED_FROM = 1_000_000
_FORM_IN_MEMORY = 8_000_000
_PARSED = 4
_SEARCH = re.compile(r"/v1/(search|classify)")
_WEIGHT_OF_LAST = 0.05
_LONGEST_SECONDS = 30
_FIRST_GUESS_SECONDS = 1.0


class InHand:
    """Refuses a request with 503 while `requests` are in hand, or while those in hand may hold `body_bytes` of bodies.

    Larger pictures and files lie on disk while they come in; what counts here is what of a body may be in memory. A
    single request is always taken, however large. `Retry-After` is the mean time that a request takes, which is when
    those in hand have made room. Health and metrics are answered at all times.
    """

    def __init__(self, app: ASGIApp, requests: int, body_bytes: int) -> None:
        self._app = app
        self._most = requests
        self._most_bytes = body_bytes
        self._requests = 0
        self._bytes = 0
        self._mean_seconds = _FIRST_GUESS_SECONDS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _ALWAYS:
            await self._app(scope, receive, send)
            return
        weight = _in_memory(scope)
        crowded = self._requests >= self._most
        if crowded or (self._bytes > 0 and self._bytes + weight > self._most_bytes):
            metrics.SHED.labels("requests" if crowded else "bodies").inc()
            await respond(Request(scope), self._refusal())(scope, receive, send)
            return
        self._requests += 1
        self._bytes += weight
        started = time.monotonic()
        try:
            await self._app(scope, receive, send)
        finally:
            self._requests -= 1
            self._bytes -= weight
            self._mean_seconds += _WEIGHT_OF_LAST * (time.monotonic() - started - self._mean_seconds)

    def _refusal(self) -> Overloaded:
        seconds = max(1, min(math.ceil(self._mean_seconds), _LONGEST_SECONDS))
        return Overloaded(
            f"Loupe has as many requests in hand as it takes at once. Nothing of this one was kept: send it again in "
            f"{seconds} seconds.",
            headers={"Retry-After": str(seconds), "Connection": "close"},  # its body is not read
        )


def _in_memory(scope: Scope) -> int:
    """How many bytes of the request's body may be in memory at once, at most."""
    headers = dict(scope["headers"])
    if b"content-length" not in headers and b"transfer-encoding" not in headers:
        return 0
    limit = body_limit(scope)
    declared = headers.get(b"content-length", b"")
    size = min(int(declared), limit) if declared.isdigit() else limit
    is_form = headers.get(b"content-type", b"").startswith(b"multipart/")
    if not is_form and limit <= MAX_JSON_BYTES:
        return _PARSED * size
    if _SEARCH.fullmatch(scope["path"]):
        return 2 * size  # read whole, and sent on
    one_file = not is_form or limit >= MAX_IMPORT_BYTES
    return min(size, _SPOOLED_FROM if one_file else _FORM_IN_MEMORY)
