"""Limits on every body, whatever its route does with it: of its bytes, and of the time in which it comes."""

from __future__ import annotations

import asyncio
import re
import time

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway import metrics
from shared.contracts.fields import MAX_BATCH_BYTES, MAX_PICTURE_BYTES
from shared.contracts.imports import MAX_IMPORT_BYTES
from shared.contracts.search import MAX_QUERY_BYTES

MAX_JSON_BYTES = 2_000_000
_FRAME = 500_000
_MB = 1_000_000
_LEAST_BYTES_A_SECOND = 10_000
_SECONDS_TO_TAKE = 60.0
_RAW_PICTURE = re.compile(r"/v1/(uploads/[^/]+|items/[^/]+/images/[^/]+)")


class BodyLimit:
    """Answers 413 as soon as a picture, or a form with one, passes 20.5 MB, the form of a search 40.5 MB, that of a
    batch 64.5 MB, an import 500.5 MB, or any other body 2 MB.

    Answers 408 when a body has been waited for longer than `seconds` and a second more for each 10 kB that came: slow
    lines pass, who sends a byte now and then does not. Who takes nothing of an answer for a minute is not waited for
    either: the rest is dropped, and the connection with it.
    """

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = body_limit(scope)
        size, waited, whole, gone = 0, 0.0, False, False

        async def counted() -> Message:
            nonlocal size, waited, whole
            if whole:
                return await receive()
            started = time.monotonic()
            try:
                async with asyncio.timeout(self._seconds + size / _LEAST_BYTES_A_SECOND - waited):
                    message = await receive()
            except TimeoutError as error:
                metrics.SHED.labels("slow").inc()
                told = f"{size:,} bytes of the body came in {waited + time.monotonic() - started:.0f} seconds."
                raise HTTPException(
                    408, f"{told} Send it again over a faster line, or fewer bytes a request."
                ) from error
            waited += time.monotonic() - started
            size += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if size > limit:
                raise HTTPException(413, f"The body is over {limit / _MB:g} MB. Send fewer entries a request.")
            return message

        async def taken(message: Message) -> None:
            nonlocal gone
            if gone:
                return
            try:
                async with asyncio.timeout(_SECONDS_TO_TAKE):
                    await send(message)
            except TimeoutError:
                gone = True  # the server closes a connection whose answer was not sent to its end

        await self._app(scope, counted, taken)


def body_limit(scope: Scope) -> int:
    """The most bytes that the body of this request may have."""
    if scope["method"] == "PUT" and _RAW_PICTURE.fullmatch(scope["path"]):
        return MAX_PICTURE_BYTES + _FRAME
    if not any(name == b"content-type" and value.startswith(b"multipart/") for name, value in scope["headers"]):
        return MAX_JSON_BYTES
    if scope["path"].endswith(":batch"):
        return MAX_BATCH_BYTES + _FRAME
    if scope["path"] == "/v1/imports":
        return MAX_IMPORT_BYTES + _FRAME
    return (MAX_QUERY_BYTES if scope["path"] == "/v1/search" else MAX_PICTURE_BYTES) + _FRAME
