"""References: pieces and designs that their owners register, with sealed records that anybody can check."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from services.gateway.access import BRINGS_PICTURES, CHANGES, Gateway, Reader, Writer, problems
from services.gateway.authenticity.addresses import with_addresses
from services.gateway.authenticity.counting import counted, uncounted
from services.gateway.authenticity.pictures import cleaned
from services.gateway.authenticity.pictures import form_of as form_for
from services.gateway.routes.addressed import CONTENT_HEADERS, PICTURE_ANSWER, ShownTo
from services.gateway.routes.forms import form_of
from services.gateway.routes.inventory import Cursor, Limit
from services.gateway.routes.reference_forms import (
    IMAGES,
    RECORD_PART,
    VIEWS_PART,
    named,
    record_of,
    reference_body,
    views_of,
)
from shared.contracts.fields import Sha256, Sku
from shared.contracts.people import PublicKeys
from shared.contracts.references import (
    MAX_REFERENCE_BYTES,
    MAX_REFERENCE_PICTURES,
    PatchAsked,
    PicturesAsked,
    Reference,
    ReferenceAsked,
    ReferenceFile,
    ReferenceId,
    ReferencePage,
    ReferencePatch,
)
from shared.pictures import content_type_of

router = APIRouter(prefix="/v1", tags=["references"])
_MANY = {"at_most": MAX_REFERENCE_PICTURES, "at_most_bytes": MAX_REFERENCE_BYTES}


@router.post(
    "/references",
    summary="Register a piece or a design",
    status_code=201,
    response_model_exclude_none=True,
    dependencies=BRINGS_PICTURES,
    responses=problems(400, 413, 415, 503),
    openapi_extra=reference_body(["image", "record"], image=IMAGES, views=VIEWS_PART, record=RECORD_PART),
)
async def post_reference(request: Request, caller: Writer, gateway: Gateway, response: Response) -> Reference:
    """With one picture or up to eight. `guidance` of the answer says which photo would make it better to compare with.

    What is registered is what the shop says: nobody looks at the piece. The record is sealed (Ed25519) with the hash of
    each picture, and each change is another version that names the one before by its hash.
    """
    with await form_of(request, "image", **_MANY) as sent:
        said = record_of(sent.texts)
        views = views_of(sent.texts, len(sent.pictures))
        pictures = await cleaned(gateway, caller.tenant, sent.pictures)
    asked = ReferenceAsked(tenant=caller.tenant, said=said, pictures=named(pictures, views))
    content, headers = form_for(asked, "picture", [one.data for one in pictures])
    async with counted(gateway.quotas, caller.tenant, asked.pictures):
        made = await gateway.authenticity.post("/references", content, headers, Reference)
    response.headers["Location"] = f"/v1/references/{made.reference_id}"
    return with_addresses(made, caller.tenant, gateway.signer)


@router.get(
    "/references",
    summary="The shop's references",
    response_model_exclude_none=True,
    responses=problems(400),
)
async def get_references(
    caller: Reader, gateway: Gateway, sku: Sku | None = None, limit: Limit = 20, cursor: Cursor = None
) -> ReferencePage:
    """The newest first."""
    scope = ("references", caller.tenant, sku or "")
    after = gateway.signer.position(cursor, *scope) if cursor else None
    ask = gateway.authenticity.ask
    page = await ask("/references", ReferencePage, tenant=caller.tenant, limit=limit, after=after, sku=sku)
    for one in page.references:
        with_addresses(one, caller.tenant, gateway.signer)
    if page.next_cursor:
        page.next_cursor = gateway.signer.cursor(page.next_cursor, *scope)
    return page


@router.get(
    "/references/{reference_id:before_verb}",
    summary="A reference",
    response_model_exclude_none=True,
    responses=problems(404),
)
async def get_reference(reference_id: ReferenceId, caller: Reader, gateway: Gateway) -> Reference:
    found = await gateway.authenticity.ask(f"/references/{reference_id}", Reference, tenant=caller.tenant)
    return with_addresses(found, caller.tenant, gateway.signer)


@router.patch(
    "/references/{reference_id:before_verb}",
    summary="Change what a record says",
    response_model_exclude_none=True,
    dependencies=CHANGES,
    responses=problems(404),
)
async def patch_reference(
    reference_id: ReferenceId, said: Annotated[ReferencePatch, Body()], caller: Writer, gateway: Gateway
) -> Reference:
    """A JSON Merge Patch, by which a new version is sealed. The versions before stay."""
    asked = PatchAsked(tenant=caller.tenant, said=said.model_dump(mode="json", exclude_unset=True))
    path = f"/references/{reference_id}"
    made = await gateway.authenticity.send("PATCH", path, caller.tenant, Reference, asked)
    return with_addresses(made, caller.tenant, gateway.signer)


@router.delete(
    "/references/{reference_id:before_verb}",
    summary="Erase a reference",
    status_code=204,
    responses=problems(404),
)
async def delete_reference(reference_id: ReferenceId, caller: Writer, gateway: Gateway) -> None:
    """The record with all its versions, its pictures, its public page, and verifications against it."""
    path = f"/references/{reference_id}"
    before = await gateway.authenticity.ask(path, Reference, tenant=caller.tenant)
    await gateway.authenticity.erase(path, caller.tenant)
    await uncounted(gateway.quotas, caller.tenant, before.pictures)


@router.get("/references/{reference_id}/file", summary="The sealed record, all versions", responses=problems(404))
async def get_reference_file(reference_id: ReferenceId, caller: Reader, gateway: Gateway) -> ReferenceFile:
    """A file that `loupe check-reference` checks without a network."""
    path = f"/references/{reference_id}/file"
    return await gateway.authenticity.ask(path, ReferenceFile, tenant=caller.tenant)


@router.post(
    "/references/{reference_id}/pictures",
    summary="Add pictures to a reference",
    response_model_exclude_none=True,
    dependencies=BRINGS_PICTURES,
    responses=problems(400, 404, 409, 413, 415, 503),
    openapi_extra=reference_body(["image"], image=IMAGES, views=VIEWS_PART),
)
async def post_reference_pictures(
    reference_id: ReferenceId, request: Request, caller: Writer, gateway: Gateway
) -> Reference:
    """A new version of the record; up to eight pictures in all. Those that it has already change nothing."""
    with await form_of(request, "image", **_MANY) as sent:
        views = views_of(sent.texts, len(sent.pictures))
        pictures = await cleaned(gateway, caller.tenant, sent.pictures)
    asked = PicturesAsked(tenant=caller.tenant, pictures=named(pictures, views))
    content, headers = form_for(asked, "picture", [one.data for one in pictures])
    path = f"/references/{reference_id}"
    before = await gateway.authenticity.ask(path, Reference, tenant=caller.tenant)
    there = {picture.sha256 for picture in before.pictures}
    async with counted(gateway.quotas, caller.tenant, [one for one in asked.pictures if one.sha256 not in there]):
        made = await gateway.authenticity.post(f"{path}/pictures", content, headers, Reference)
    return with_addresses(made, caller.tenant, gateway.signer)


@router.delete(
    "/references/{reference_id}/pictures/{sha256}",
    summary="Take a picture off a reference",
    response_model_exclude_none=True,
    responses=problems(404, 409),
)
async def delete_reference_picture(
    reference_id: ReferenceId, sha256: Sha256, caller: Writer, gateway: Gateway
) -> Reference:
    """A new version of the record without it; its bytes are erased. The only picture stays: 409."""
    path = f"/references/{reference_id}"
    before = await gateway.authenticity.ask(path, Reference, tenant=caller.tenant)
    made = await gateway.authenticity.send("DELETE", f"{path}/pictures/{sha256}", caller.tenant, Reference)
    await uncounted(gateway.quotas, caller.tenant, [one for one in before.pictures if one.sha256 == sha256])
    return with_addresses(made, caller.tenant, gateway.signer)


@router.get(
    "/references/{reference_id}/pictures/{sha256}/content",
    summary="A picture of a reference",
    response_class=Response,
    responses={**PICTURE_ANSWER, **problems(404)},
)
async def get_reference_picture(
    reference_id: ReferenceId, sha256: Sha256, tenant: ShownTo, gateway: Gateway
) -> Response:
    """With a key, or by a signed address as in `url`, which needs none for a day. Its hash is `sha256`."""
    data = await gateway.authenticity.fetch(f"/references/{reference_id}/pictures/{sha256}", tenant=tenant)
    return Response(data, media_type=content_type_of(data), headers=CONTENT_HEADERS)


@router.post(
    "/references/{reference_id}:publish",
    summary="Give a reference a public page",
    response_model_exclude_none=True,
    dependencies=CHANGES,
    responses=problems(404),
)
async def publish_reference(reference_id: ReferenceId, caller: Writer, gateway: Gateway) -> Reference:
    """At an address that nobody guesses, with a QR code of it. It shows all that the record says, with its pictures."""
    path = f"/references/{reference_id}/publish"
    made = await gateway.authenticity.send("POST", path, caller.tenant, Reference)
    return with_addresses(made, caller.tenant, gateway.signer)


@router.post(
    "/references/{reference_id}:unpublish",
    summary="Take a reference's public page back",
    response_model_exclude_none=True,
    dependencies=CHANGES,
    responses=problems(404),
)
async def unpublish_reference(reference_id: ReferenceId, caller: Writer, gateway: Gateway) -> Reference:
    """Its address leads nowhere from now on. Published again, it has another one."""
    path = f"/references/{reference_id}/unpublish"
    made = await gateway.authenticity.send("POST", path, caller.tenant, Reference)
    return with_addresses(made, caller.tenant, gateway.signer)


@router.get(
    "/signing-keys",
    summary="The keys that records and reports are checked with",
    responses={503: problems(503)[503]},
)
async def get_signing_keys(gateway: Gateway) -> PublicKeys:
    """As RFC 7517 has it. Anybody may read them; keep them where you check records and reports."""
    return await gateway.authenticity.get("/signing-keys", PublicKeys)
