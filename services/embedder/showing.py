"""Pictures drawn again for who looks at them. Asked by the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi.concurrency import run_in_threadpool

from services.embedder.routes import picture_bytes
from shared.contracts.fields import PictureWidth


def router(smaller: Callable[[bytes, int], bytes]) -> APIRouter:
    api = APIRouter()
    one_at_a_time = asyncio.Lock()  # a page asks for dozens at once: a photo that is searched by waits for one of them

    @api.post("/smaller", summary="The picture in the body, less wide", response_class=Response)
    async def post_smaller(
        data: Annotated[bytes, Depends(picture_bytes)],
        width: Annotated[PictureWidth, Query(description="Pixels that it may be wide")],
    ) -> Response:
        async with one_at_a_time:
            return Response(await run_in_threadpool(smaller, data, width), media_type="image/webp")

    return api
