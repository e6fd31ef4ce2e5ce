"""The keys of the shop, for who administers it."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.gateway.access import Admin, Gateway, problems
from shared.contracts.fields import KeyId
from shared.contracts.keys import KeyIn, KeyList, KeyMade

router = APIRouter(prefix="/v1/admin/keys", tags=["administration"])


@router.post("", summary="Make a key", status_code=201, response_model_exclude_none=True, responses=problems(409))
def post_key(body: KeyIn, caller: Admin, gateway: Gateway, response: Response) -> KeyMade:
    """`key` is shown in this answer alone: Loupe keeps a hash of it. A shop has up to 100 keys."""
    response.headers["Cache-Control"] = "no-store"
    return gateway.api_keys.add(caller.tenant, body.name, body.scopes)


@router.get("", summary="All keys", response_model_exclude_none=True, responses=problems())
def get_keys(caller: Admin, gateway: Gateway) -> KeyList:
    """Those that count, newest first; then those that were revoked last, up to 200 together."""
    return KeyList(keys=gateway.api_keys.list(caller.tenant))


@router.delete("/{key_id}", summary="Revoke a key", status_code=204, responses=problems(404))
def delete_key(key_id: KeyId, caller: Admin, gateway: Gateway) -> None:
    """It works no more than 5 seconds longer. For a new one, make it first and revoke the old one last."""
    gateway.api_keys.revoke(caller.tenant, key_id)
