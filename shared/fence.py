"""How services inside tell each other from everybody else: one secret, shown as a bearer token."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import LoupeError, Unauthorized

OPEN = frozenset({"/healthz", "/readyz", "/metrics"})
"""What orchestrators and Prometheus ask without a secret. A wrong one is refused here too, so that a ping tells it."""
_log = structlog.get_logger(__name__)


class Outsider(Unauthorized):
    code = "internal-secret-needed"
    title = "Only Loupe's own services may ask this"


def credentials(secrets: str | None) -> Mapping[str, str]:
    """The header by which a service shows that it is one of ours; see `Fence` for `secrets`."""
    return {"Authorization": f"Bearer {split(secrets)[0]}" if secrets else "Bearer"}


def split(secrets: str) -> list[str]:
    return [secret.strip() for secret in secrets.split(",")]


class Fence:
    """Answers 401 to whoever does not show the secret, before a byte of the body is read.

    `secrets`: one, or several with commas between while one is changed for another. The first is shown, each is taken.
    """

    def __init__(self, app: ASGIApp, secrets: str, refuse: Callable[[Request, LoupeError], ASGIApp]) -> None:
        self._app = app
        self._taken = [f"Bearer {secret}".encode() for secret in split(secrets)]
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or self._passes(scope):
            await self._app(scope, receive, send)
            return
        _log.warning("outsider_refused", path=scope["path"])
        error = Outsider("The request shows no internal secret, or a wrong one. Set one INTERNAL_SECRET everywhere.")
        await self._refuse(Request(scope), error)(scope, receive, send)

    def _passes(self, scope: Scope) -> bool:
        shown = [value for name, value in scope["headers"] if name == b"authorization"]
        if not shown:
            return scope["path"] in OPEN
        return len(shown) == 1 and any(hmac.compare_digest(shown[0], taken) for taken in self._taken)
