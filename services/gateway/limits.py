"""A limit on every body, whatever its route does with it."""

from __future__ import annotations

import re

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.contracts.fields import MAX_BATCH_BYTES, MAX_PICTURE_BYTES
from shared.contracts.imports import MAX_IMPORT_BYTES
from shared.contracts.search import MAX_QUERY_BYTES

_MAX_JSON = 2_000_000
_FRAME = 500_000
_MB = 1_000_000
_RAW_PICTURE = re.compile(r"/v1/(uploads/[^/]+|items/[^/]+/images/[^/]+)")


class BodyLimit:
    """Answers 413 as soon as a picture, or a form with one, passes 20.5 MB, the form of a search 40.5 MB, that of a
    batch 64.5 MB, an import 500.5 MB, or any other body 2 MB."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = _limit(scope)
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > limit:
                raise HTTPException(413, f"The body is over {limit / _MB:g} MB. Send fewer entries a request.")
            return message

        await self._app(scope, counted, send)


def _limit(scope: Scope) -> int:
    if scope["method"] == "PUT" and _RAW_PICTURE.fullmatch(scope["path"]):
        return MAX_PICTURE_BYTES + _FRAME
    if not any(name == b"content-type" and value.startswith(b"multipart/") for name, value in scope["headers"]):
        return _MAX_JSON
    if scope["path"].endswith(":batch"):
        return MAX_BATCH_BYTES + _FRAME
    if scope["path"] == "/v1/imports":
        return MAX_IMPORT_BYTES + _FRAME
    return (MAX_QUERY_BYTES if scope["path"] == "/v1/search" else MAX_PICTURE_BYTES) + _FRAME
