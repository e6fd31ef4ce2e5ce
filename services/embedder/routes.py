"""The embedder's HTTP API. Asked by the gateway, not reachable by shops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError

from services.embedder.analyse import Analyse
from services.embedder.decoding import Decode, decode_here
from services.embedder.fingerprint import fingerprints
from services.embedder.mirror import mirrored
from shared.contracts.analysis import Box
from shared.contracts.fields import MAX_PICTURE_BYTES
from shared.contracts.internal import Analyses, TrayAnalyses
from shared.contracts.lookalikes import BoxesAsked, Fingerprints
from shared.contracts.models import Models
from shared.contracts.text import TextsIn, TextVectors
from shared.errors import TooLarge
from shared.observability.http import invalid


async def picture_bytes(request: Request) -> bytes:
    """The request's body, given up as soon as it passes 20 MB."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_PICTURE_BYTES:
            raise TooLarge(f"The picture is over {MAX_PICTURE_BYTES // 1_000_000} MB. Send one with fewer pixels.")
    return bytes(body)


def drawn_box(
    box: Annotated[str | None, Query(max_length=500, description="A Box as JSON: the one piece is in it")] = None,
) -> Box | None:
    try:
        return None if box is None else Box.model_validate_json(box)
    except ValidationError as error:
        raise invalid([{**entry, "loc": ("box", *entry["loc"])} for entry in error.errors()]) from error


def router(
    models: Sequence[Analyse],
    loaded: Models,
    analyse_text: Callable[[str], TextVectors],
    without_faces: Callable[[bytes], bytes],
    decode: Decode = decode_here,
    cut_out: Callable[[bytes], bytes] | None = None,
) -> APIRouter:
    api = APIRouter()

    @api.post("/analyse", summary="Analyse the picture in the body, before everything that is being ingested")
    async def post_analyse(
        data: Annotated[bytes, Depends(picture_bytes)],
        box: Annotated[Box | None, Depends(drawn_box)],
        mirror: Annotated[bool, Query(description="Analyse its mirror image; a box is of that")] = False,
    ) -> Analyses:
        if mirror:
            data = await run_in_threadpool(mirrored, data, decode)
        each = [run_in_threadpool(analyse, data, "query", box) for analyse in models]
        return Analyses(analyses=await asyncio.gather(*each))

    @api.post("/analyse-tray", summary="Analyse the photo of a tray in the body: many small pieces")
    async def post_analyse_tray(data: Annotated[bytes, Depends(picture_bytes)]) -> TrayAnalyses:
        return TrayAnalyses(analyses=[await run_in_threadpool(analyse.tray, data) for analyse in models])

    @api.post("/fingerprint", summary="Hashes of the picture in the body, and of what is in boxes of it")
    async def post_fingerprint(
        data: Annotated[bytes, Depends(picture_bytes)], boxes: Annotated[str, Query(max_length=5_000)] = "[]"
    ) -> Fingerprints:
        try:
            asked = BoxesAsked.model_validate_json(boxes).root
        except ValidationError as error:
            raise invalid([{**entry, "loc": ("boxes", *entry["loc"])} for entry in error.errors()]) from error
        return await run_in_threadpool(fingerprints, data, asked, decode)

    @api.post("/without-faces", summary="The photo in the body as it may be kept", response_class=Response)
    async def post_without_faces(data: Annotated[bytes, Depends(picture_bytes)]) -> Response:
        return Response(await run_in_threadpool(without_faces, data), media_type="image/jpeg")

    if cut_out:

        @api.post("/cutout", summary="The main piece of the picture in the body, on nothing", response_class=Response)
        async def post_cutout(data: Annotated[bytes, Depends(picture_bytes)]) -> Response:
            return Response(await run_in_threadpool(cut_out, data), media_type="image/png")

    @api.post("/analyse-text", summary="The vectors of texts, in their order")
    def post_analyse_text(asked: TextsIn) -> list[TextVectors]:
        return [analyse_text(text) for text in asked.texts]

    @api.get("/models", summary="The loaded models, the one used in doubt first")
    def get_models() -> Models:
        return loaded

    return api
