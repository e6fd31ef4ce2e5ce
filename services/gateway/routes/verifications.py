"""Verifications: photos held against a registered reference, with reasons, evidence and a signed report."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.gateway.access import Gateway, Reader, Writer, problems
from services.gateway.authenticity.addresses import with_evidence
from services.gateway.authenticity.pictures import cleaned
from services.gateway.authenticity.pictures import form_of as form_for
from services.gateway.routes.addressed import CONTENT_HEADERS, PICTURE_ANSWER, ShownTo
from services.gateway.routes.forms import PICTURE, form_of
from services.gateway.routes.inventory import Cursor, Limit
from shared.contracts.references import Language, Sealed
from shared.contracts.verifying import (
    MAX_VERIFY_BYTES,
    MAX_VERIFY_PICTURES,
    EvidenceName,
    Verification,
    VerificationId,
    VerificationPage,
    VerifyAsked,
    VerifyQuery,
)
from shared.observability.http import invalid

router = APIRouter(prefix="/v1", tags=["references"])
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["image"],
                    "properties": {
                        "image": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": MAX_VERIFY_PICTURES,
                            "items": PICTURE,
                            "description": f"Up to {MAX_VERIFY_PICTURES} photos of one piece.",
                        },
                        "query": {
                            "type": "string",
                            "contentMediaType": "application/json",
                            "contentSchema": {"$ref": "#/components/schemas/VerifyQuery"},
                            "description": "A VerifyQuery as JSON: what the photos are claimed to show.",
                            "example": '{"sku": "RING-1"}',
                        },
                    },
                }
            }
        },
    }
}


@router.post(
    "/verify",
    summary="Hold photos against a registered reference",
    response_model_exclude_none=True,
    responses=problems(400, 404, 413, 415, 503),
    openapi_extra=_BODY,
)
async def post_verify(request: Request, caller: Reader, gateway: Gateway) -> Verification:
    """`query` names the reference, or the SKU that it is registered under; neither: it is looked for among the shop's
    own references, and never among another shop's.

    `design` and `piece` are answered apart: match, mismatch or cannot_tell, and where it cannot be told `retakes` say
    which photo would help. A detail that differs is a mismatch, and is shown. Photographs are compared, and nothing
    else: `not_claimed` says what the answer does not. The photos are not kept, but for what `pictures` show of them.
    """
    many = {"at_most": MAX_VERIFY_PICTURES, "at_most_bytes": MAX_VERIFY_BYTES}
    with await form_of(request, "image", **many) as sent:
        try:
            claimed = VerifyQuery.model_validate_json(sent.texts.get("query", b"{}"))
        except ValidationError as error:
            raise invalid([{**entry, "loc": ("query", *entry["loc"])} for entry in error.errors()]) from error
        photos = await cleaned(gateway, caller.tenant, sent.pictures)
    asked = VerifyAsked(tenant=caller.tenant, claimed=claimed, sent=[one.sent.sha256 for one in photos])
    content, headers = form_for(asked, "photo", [one.data for one in photos])
    made = await gateway.authenticity.post("/verifications", content, headers, Verification)
    return with_evidence(made, caller.tenant, gateway.signer)


@router.get(
    "/verifications",
    summary="The shop's verifications",
    response_model_exclude_none=True,
    responses=problems(400),
)
async def get_verifications(
    caller: Reader, gateway: Gateway, limit: Limit = 20, cursor: Cursor = None
) -> VerificationPage:
    """The newest first; each is kept until its `expires_at`."""
    scope = ("verifications", caller.tenant)
    after = gateway.signer.position(cursor, *scope) if cursor else None
    ask = gateway.authenticity.ask
    page = await ask("/verifications", VerificationPage, tenant=caller.tenant, limit=limit, after=after)
    for one in page.verifications:
        with_evidence(one, caller.tenant, gateway.signer)
    if page.next_cursor:
        page.next_cursor = gateway.signer.cursor(page.next_cursor, *scope)
    return page


@router.get(
    "/verifications/{verification_id}",
    summary="A verification",
    response_model_exclude_none=True,
    responses=problems(404),
)
async def get_verification(verification_id: VerificationId, caller: Reader, gateway: Gateway) -> Verification:
    path = f"/verifications/{verification_id}"
    made = await gateway.authenticity.ask(path, Verification, tenant=caller.tenant)
    return with_evidence(made, caller.tenant, gateway.signer)


@router.delete(
    "/verifications/{verification_id}",
    summary="Erase a verification",
    status_code=204,
    responses=problems(404),
)
async def delete_verification(verification_id: VerificationId, caller: Writer, gateway: Gateway) -> None:
    """With its pictures."""
    await gateway.authenticity.erase(f"/verifications/{verification_id}", caller.tenant)


@router.get(
    "/verifications/{verification_id}/report.json",
    summary="The sealed report of a verification",
    responses=problems(404),
)
async def get_report(verification_id: VerificationId, caller: Reader, gateway: Gateway) -> Sealed:
    """Sealed when the verification was made. `loupe check-report` checks it without a network."""
    path = f"/verifications/{verification_id}/report.json"
    return await gateway.authenticity.ask(path, Sealed, tenant=caller.tenant)


@router.get(
    "/verifications/{verification_id}/report.pdf",
    summary="The signed report of a verification, as a PDF",
    response_class=Response,
    responses={**problems(404), 200: {"description": "The report", "content": {"application/pdf": {}}}},
)
async def get_report_pdf(
    verification_id: VerificationId, caller: Reader, gateway: Gateway, language: Language = "en"
) -> Response:
    """In English or in Chinese, with the pictures, and the sealed report attached. `loupe check-report` checks it."""
    path = f"/verifications/{verification_id}/report.pdf"
    data = await gateway.authenticity.fetch(path, tenant=caller.tenant, language=language)
    headers = {"Content-Disposition": f'attachment; filename="{verification_id}.pdf"', "Cache-Control": "no-store"}
    return Response(data, media_type="application/pdf", headers=headers)


@router.get(
    "/verifications/{verification_id}/pictures/{evidence}",
    summary="A picture of a verification",
    response_class=Response,
    responses={**PICTURE_ANSWER, **problems(404)},
)
async def get_evidence(
    verification_id: VerificationId, evidence: EvidenceName, tenant: ShownTo, gateway: Gateway
) -> Response:
    """With a key, or by a signed address as in `url`, which needs none for a day."""
    path = f"/verifications/{verification_id}/pictures/{evidence}"
    data = await gateway.authenticity.fetch(path, tenant=tenant)
    return Response(data, media_type="image/jpeg", headers=CONTENT_HEADERS)
