"""The keys of the shop, for who administers it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Body, Response

from services.gateway.access import Admin, Gateway, Reader, problems
from shared.contracts.fields import KeyId
from shared.contracts.keys import Holder, KeyIn, KeyList, KeyMade, KeyRotated, KeyRotation

router = APIRouter(prefix="/v1/admin/keys", tags=["administration"])
holder = APIRouter(prefix="/v1", tags=["administration"])


@holder.get("/holder", summary="Who asks", response_model_exclude_none=True, responses=problems())
async def get_holder(caller: Reader) -> Holder:
    """The shop that the key belongs to, and its scopes: what a page may offer to who holds it."""
    return Holder(tenant=caller.tenant, scopes=sorted(caller.scopes), key_id=caller.key_id)


@router.post("", summary="Make a key", status_code=201, response_model_exclude_none=True, responses=problems(409))
def post_key(body: KeyIn, caller: Admin, gateway: Gateway, response: Response) -> KeyMade:
    """`key` is shown in this answer alone: Loupe keeps a hash of it. A shop has up to 100 keys."""
    response.headers["Cache-Control"] = "no-store"
    return gateway.api_keys.add(caller.tenant, body.name, body.scopes, expires_at=body.expires_at, by=caller.scopes)


@router.post(
    "/{key_id}:rotate",
    summary="Put a new key in the place of one",
    status_code=201,
    response_model_exclude_none=True,
    responses=problems(404, 409),
)
def rotate_key(
    key_id: KeyId,
    caller: Admin,
    gateway: Gateway,
    response: Response,
    body: Annotated[KeyRotation | None, Body()] = None,
) -> KeyRotated:
    """The new one has the name, the scopes, the rate limit and the length of life of the old one, which goes on for
    `overlap_hours` and then ends by itself. `key` is shown in this answer alone."""
    response.headers["Cache-Control"] = "no-store"
    overlap = timedelta(hours=(body or KeyRotation()).overlap_hours)
    made, ends = gateway.api_keys.rotate(caller.tenant, key_id, overlap, by=caller.scopes)
    return KeyRotated(**made.model_dump(), replaces=key_id, old_expires_at=ends)


@router.get("", summary="All keys", response_model_exclude_none=True, responses=problems())
def get_keys(caller: Admin, gateway: Gateway) -> KeyList:
    """Those that count, newest first; then those that ended last, up to 200 together."""
    return KeyList(keys=gateway.api_keys.list(caller.tenant))


@router.delete("/{key_id:before_verb}", summary="Revoke a key", status_code=204, responses=problems(404))
def delete_key(key_id: KeyId, caller: Admin, gateway: Gateway) -> None:
    """It works no more than 5 seconds longer."""
    gateway.api_keys.revoke(caller.tenant, key_id, by=caller.scopes)
