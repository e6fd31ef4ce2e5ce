"""The embedder's HTTP API. Asked by the gateway, not reachable by shops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool

from services.embedder.batcher import Lane
from shared.contracts.analysis import Analysis
from shared.contracts.fields import MAX_PICTURE_BYTES
from shared.errors import TooLarge


async def picture_bytes(request: Request) -> bytes:
    """The request's body, given up as soon as it passes 20 MB."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_PICTURE_BYTES:
            raise TooLarge(f"The picture is over {MAX_PICTURE_BYTES // 1_000_000} MB. Send one with fewer pixels.")
    return bytes(body)


def router(analyse: Callable[[bytes, Lane], Analysis]) -> APIRouter:
    api = APIRouter()

    @api.post("/analyse", summary="Analyse the picture in the body, before everything that is being ingested")
    async def post_analyse(data: Annotated[bytes, Depends(picture_bytes)]) -> Analysis:
        return await run_in_threadpool(analyse, data, "query")

    return api
