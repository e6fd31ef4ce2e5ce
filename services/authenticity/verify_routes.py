"""Verifications over HTTP: asked by the gateway."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Response

from services.authenticity.keeping import Kept
from services.authenticity.pdf import report_pdf
from services.authenticity.routes import Files, Limit, Place, told
from services.authenticity.verifying import Verifier
from shared.contracts.fields import TenantId
from shared.contracts.references import Language, Sealed
from shared.contracts.verifying import EvidenceName, Verification, VerificationId, VerificationPage, VerifyAsked
from shared.errors import NotFound
from shared.signing import SigningKey


def verify_router(verifier: Verifier, kept: Kept, key: SigningKey) -> APIRouter:
    api = APIRouter()

    @api.post("/verifications", summary="Compare photos with a reference")
    def post_verification(asked: Annotated[str, Form()], photo: Files) -> Verification:
        return verifier.verify(told(VerifyAsked, asked), photo)

    @api.get("/verifications", summary="Verifications, the newest first")
    def get_verifications(tenant: TenantId, limit: Limit, after: Place = None) -> VerificationPage:
        return kept.page(tenant, limit, after)

    @api.get("/verifications/{verification_id}", summary="A verification")
    def get_verification(verification_id: VerificationId, tenant: TenantId) -> Verification:
        return kept.get(tenant, verification_id)

    @api.delete("/verifications/{verification_id}", summary="Erase a verification", status_code=204)
    def delete_verification(verification_id: VerificationId, tenant: TenantId) -> None:
        kept.erase(tenant, verification_id)

    @api.get("/verifications/{verification_id}/pictures/{name}", summary="A picture of a verification")
    def get_picture(verification_id: VerificationId, name: EvidenceName, tenant: TenantId) -> Response:
        return Response(kept.picture(tenant, verification_id, name), media_type="image/jpeg")

    @api.get("/verifications/{verification_id}/report.json", summary="The sealed report")
    def get_report(verification_id: VerificationId, tenant: TenantId) -> Sealed:
        return kept.report(tenant, verification_id)

    @api.get("/verifications/{verification_id}/report.pdf", summary="The signed report as a PDF")
    def get_pdf(verification_id: VerificationId, tenant: TenantId, language: Language = "en") -> Response:
        made = kept.get(tenant, verification_id)
        pictures = {}
        for picture in made.pictures:
            try:
                pictures[picture.name] = kept.picture(tenant, verification_id, picture.name)
            except NotFound:  # it went meanwhile: the report says the rest
                continue
        content = report_pdf(made, kept.report(tenant, verification_id), pictures, key, language)
        return Response(content, media_type="application/pdf")

    return api
