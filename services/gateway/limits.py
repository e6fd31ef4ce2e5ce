"""A limit on every body, whatever its route does with it."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.contracts.fields import MAX_PICTURE_BYTES

_MAX_JSON = 2_000_000
_MAX_FORM = MAX_PICTURE_BYTES + 500_000
_MB = 1_000_000


class BodyLimit:
    """Answers 413 as soon as a multipart form passes 20.5 MB, or any other body 2 MB."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = _MAX_FORM if _is_form(scope) else _MAX_JSON
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > limit:
                raise HTTPException(413, f"The body is over {limit / _MB:g} MB. Send fewer entries a request.")
            return message

        await self._app(scope, counted, send)


def _is_form(scope: Scope) -> bool:
    return any(name == b"content-type" and value.startswith(b"multipart/") for name, value in scope["headers"])
