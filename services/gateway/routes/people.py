"""What shoppers may ask of a shop: that all which is kept of them goes, or is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Body, Response
from fastapi.responses import StreamingResponse

from services.gateway.access import Admin, Gateway, Teller, problems
from services.gateway.impressions import Whose
from shared.contracts.fields import SessionId, UserId
from shared.contracts.people import Erasure, ErasureId, ErasureIn, Export, ExportId, PublicKeys, VisitorId

router = APIRouter(tags=["shoppers"])
_CHUNK = 64_000
_Also = Annotated[ErasureIn | None, Body()]


@router.post(
    "/v1/users/{user_id}:erase",
    summary="Erase a shopper, with a receipt",
    status_code=202,
    response_model_exclude_none=True,
    responses=problems(),
)
def erase_user(user_id: UserId, caller: Admin, gateway: Gateway, response: Response, asked: _Also = None) -> Erasure:
    """As by DELETE: all that is kept of the user goes within a minute, wherever it is, and what was told of them until
    now and comes later is not taken. What it found, and where, is told by `GET /v1/erasures/{erasure_id}`.
    """
    return _erase(gateway, caller.tenant, Whose(user_id), asked, response)


@router.post(
    "/v1/sessions/{session_id}:erase",
    summary="Erase a visit, with a receipt",
    status_code=202,
    response_model_exclude_none=True,
    responses=problems(),
)
def erase_session(
    session_id: SessionId, caller: Admin, gateway: Gateway, response: Response, asked: _Also = None
) -> Erasure:
    """As by DELETE: of a visit of somebody who is not logged in."""
    return _erase(gateway, caller.tenant, Whose(None, session_id), asked, response)


@router.post(
    "/v1/visitors/{visitor_id}:forget",
    summary="Be forgotten, as a browser that our page named",
    status_code=202,
    response_class=Response,
    responses=problems(),
)
def forget_visitor(visitor_id: VisitorId, caller: Teller, gateway: Gateway) -> None:
    """As `POST /v1/users/{user_id}:erase`, for who has the browser and no key with the scope `admin`: of the names that
    our page makes, which nobody guesses, and of no others. It is no failure that nothing was kept.
    """
    gateway.erasures.ask(caller.tenant, Whose(user_id=visitor_id))


def _erase(gateway: Gateway, tenant: str, whose: Whose, asked: ErasureIn | None, response: Response) -> Erasure:
    erasure = gateway.erasures.ask(tenant, whose, asked.also if asked else ())
    response.headers["Location"] = f"/v1/erasures/{erasure.erasure_id}"
    return erasure


@router.get(
    "/v1/erasures/{erasure_id}",
    summary="How far an erasure is, and its receipt",
    response_model_exclude_none=True,
    responses=problems(404),
)
def get_erasure(erasure_id: ErasureId, caller: Admin, gateway: Gateway) -> Erasure:
    """`state` is running, then done: within a minute, while all parts of Loupe answer."""
    return gateway.erasures.get(caller.tenant, erasure_id)


@router.post(
    "/v1/users/{user_id}:export",
    summary="Gather what is kept of a shopper",
    status_code=202,
    response_model_exclude_none=True,
    responses=problems(),
)
def export_user(user_id: UserId, caller: Admin, gateway: Gateway, response: Response) -> Export:
    """One zip of JSON Lines, a file a store, with the visits that were theirs: ready within a minute, gone after a day.

    `GET /v1/exports/{export_id}` says when and where.
    """
    return _export(gateway, caller.tenant, Whose(user_id), response)


@router.post(
    "/v1/sessions/{session_id}:export",
    summary="Gather what is kept of a visit",
    status_code=202,
    response_model_exclude_none=True,
    responses=problems(),
)
def export_session(session_id: SessionId, caller: Admin, gateway: Gateway, response: Response) -> Export:
    """The same of a visit of somebody who is not logged in."""
    return _export(gateway, caller.tenant, Whose(None, session_id), response)


def _export(gateway: Gateway, tenant: str, whose: Whose, response: Response) -> Export:
    export = gateway.exports.ask(tenant, whose)
    response.headers["Location"] = f"/v1/exports/{export.export_id}"
    return export


@router.get(
    "/v1/exports/{export_id}",
    summary="How far an export is",
    response_model_exclude_none=True,
    responses=problems(404),
)
def get_export(export_id: ExportId, caller: Admin, gateway: Gateway) -> Export:
    """`state` is running, done, or gone: after its time, or because its shopper was erased."""
    return gateway.exports.get(caller.tenant, export_id)


@router.get(
    "/v1/exports/{export_id}/data",
    summary="What is kept of a shopper, as a zip",
    response_class=StreamingResponse,
    responses={**problems(404, 409), 200: {"description": "The zip", "content": {"application/zip": {}}}},
)
def get_export_data(export_id: ExportId, caller: Admin, gateway: Gateway) -> StreamingResponse:
    """`about.json`, and JSON Lines by where it was kept: `events`, `visits`, `impressions`, and what waits or died."""
    opened = gateway.exports.open(caller.tenant, export_id)

    def chunks() -> Iterator[bytes]:
        with opened:
            while chunk := opened.read(_CHUNK):
                yield chunk

    headers = {"Content-Disposition": f'attachment; filename="{export_id}.zip"', "Cache-Control": "no-store"}
    return StreamingResponse(chunks(), media_type="application/zip", headers=headers)


@router.get("/.well-known/jwks.json", summary="The keys that receipts are checked with")
async def get_receipt_keys(gateway: Gateway) -> PublicKeys:
    """As RFC 7517 has it. Anybody may read them."""
    return gateway.receipts.public_keys()
