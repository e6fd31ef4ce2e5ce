"""The authenticity service's HTTP API of references. Asked by the gateway, not reachable by shops."""

from __future__ import annotations

from typing import Annotated, TypeVar

from fastapi import APIRouter, Body, File, Form, Query, Response
from pydantic import BaseModel, ValidationError

from services.authenticity.public import PublicReferences
from services.authenticity.registry import Registry
from shared.contracts.fields import Sha256, Sku, TenantId
from shared.contracts.people import PublicKey as KeyTold
from shared.contracts.people import PublicKeys
from shared.contracts.references import (
    PatchAsked,
    PicturesAsked,
    PublicId,
    PublicReference,
    Reference,
    ReferenceAsked,
    ReferenceFile,
    ReferenceId,
    ReferencePage,
    ReferencesKept,
)
from shared.observability.http import invalid
from shared.signing import PublicKey

Limit = Annotated[int, Query(ge=1, le=1_001)]
Place = Annotated[str | None, Query(pattern=r"^\d{1,15}:[a-z]{3}_[0-9a-f]{32}$")]
"""Behind which place of a list to go on."""
Files = Annotated[list[bytes], File()]
_M = TypeVar("_M", bound=BaseModel)
_BYTES = "application/octet-stream"


def router(registry: Registry, public: PublicReferences, keys: list[PublicKey]) -> APIRouter:
    api = APIRouter()

    @api.post("/references", summary="Register a reference")
    def post_reference(asked: Annotated[str, Form()], picture: Files) -> Reference:
        return registry.register(told(ReferenceAsked, asked), picture)

    @api.get("/references", summary="References, the newest first")
    def get_references(tenant: TenantId, limit: Limit, after: Place = None, sku: Sku | None = None) -> ReferencePage:
        return registry.page(tenant, limit, after, sku)

    @api.get("/references-kept", summary="How many pictures a shop's references have")
    def get_kept(tenant: TenantId) -> ReferencesKept:
        return registry.kept(tenant)

    @api.get("/references/{reference_id}", summary="A reference")
    def get_reference(reference_id: ReferenceId, tenant: TenantId) -> Reference:
        return registry.get(tenant, reference_id)

    @api.patch("/references/{reference_id}", summary="A new version of a reference")
    def patch_reference(reference_id: ReferenceId, asked: Annotated[PatchAsked, Body()]) -> Reference:
        return registry.change(asked.tenant, reference_id, asked.said)

    @api.delete("/references/{reference_id}", summary="Erase a reference", status_code=204)
    def delete_reference(reference_id: ReferenceId, tenant: TenantId) -> None:
        registry.erase(tenant, reference_id)

    @api.get("/references/{reference_id}/file", summary="All sealed versions of a reference")
    def get_file(reference_id: ReferenceId, tenant: TenantId) -> ReferenceFile:
        return registry.file(tenant, reference_id)

    @api.post("/references/{reference_id}/pictures", summary="Add pictures")
    def post_pictures(reference_id: ReferenceId, asked: Annotated[str, Form()], picture: Files) -> Reference:
        return registry.add_pictures(reference_id, told(PicturesAsked, asked), picture)

    @api.get("/references/{reference_id}/pictures/{sha256}", summary="The bytes of a picture")
    def get_picture(reference_id: ReferenceId, sha256: Sha256, tenant: TenantId) -> Response:
        return Response(registry.picture(tenant, reference_id, sha256), media_type=_BYTES)

    @api.delete("/references/{reference_id}/pictures/{sha256}", summary="Take a picture away")
    def delete_picture(reference_id: ReferenceId, sha256: Sha256, tenant: TenantId) -> Reference:
        return registry.remove_picture(tenant, reference_id, sha256)

    @api.post("/references/{reference_id}/publish", summary="Give it a public page")
    def post_publish(reference_id: ReferenceId, tenant: TenantId) -> Reference:
        return registry.publish(tenant, reference_id)

    @api.post("/references/{reference_id}/unpublish", summary="Take its public page back")
    def post_unpublish(reference_id: ReferenceId, tenant: TenantId) -> Reference:
        return registry.unpublish(tenant, reference_id)

    @api.get("/public/{public_id}", summary="What anybody sees of a published reference")
    def get_public(public_id: PublicId) -> PublicReference:
        return public.get(public_id)

    @api.get("/public/{public_id}/pictures/{sha256}", summary="A picture of a published reference")
    def get_public_picture(public_id: PublicId, sha256: Sha256) -> Response:
        return Response(public.picture(public_id, sha256), media_type=_BYTES)

    @api.get("/signing-keys", summary="The keys that records and reports are checked with")
    def get_keys() -> PublicKeys:
        return PublicKeys(keys=[KeyTold(kty="OKP", crv="Ed25519", x=key.x, kid=key.kid) for key in keys])

    return api


def told(kind: type[_M], text: str) -> _M:
    """The part of a form that is JSON."""
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise invalid([{**entry, "loc": ("body", *entry["loc"])} for entry in error.errors()]) from error
