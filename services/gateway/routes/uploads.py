"""Addresses for the pictures of big batches."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request

from services.gateway.access import BRINGS_PICTURES, Gateway, Writer, problems
from services.gateway.raw_body import read_raw
from services.gateway.routes.forms import raw_body
from shared.contracts.uploads import UploadName, UploadsIn, UploadsMade
from shared.errors import Unauthorized

router = APIRouter(prefix="/v1/uploads", tags=["images"])


@router.post("", summary="Get addresses to put pictures to", status_code=201, responses=problems(415, 503))
def post_uploads(asked: UploadsIn, caller: Writer, gateway: Gateway) -> UploadsMade:
    """Each takes one picture of up to 20 MB by PUT, without a key, for six hours. Then name them in
    `POST /v1/images:batch`, within a day: what nobody names is deleted.
    A shop that has all the pictures it may have gets none."""
    gateway.quotas.room(caller.tenant).check_open()
    return UploadsMade(uploads=gateway.incoming.places(caller.tenant, asked.count))


@router.put(
    "/{name}",
    summary="Put a picture to its address",
    status_code=204,
    dependencies=BRINGS_PICTURES,
    responses=problems(400, 413, 503),
    openapi_extra=raw_body() | {"security": []},
)
async def put_upload(
    name: UploadName,
    request: Request,
    gateway: Gateway,
    expires: Annotated[int, Query(ge=0, le=10**11)],
    signature: Annotated[str, Query(max_length=200)],
) -> None:
    """The signature in the address counts in place of a key. A second PUT replaces the first."""
    tenant = gateway.signer.upload_tenant(name, expires, signature)
    if tenant is None:
        raise Unauthorized("This address is over, or not one that Loupe made. Ask for another: POST /v1/uploads.")
    upload = await read_raw(request)
    with upload.file:
        await asyncio.to_thread(gateway.incoming.put, tenant, name, upload)
