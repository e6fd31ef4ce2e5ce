"""Where pictures and pages of references and verifications are: filled into what the authenticity service answers."""

from __future__ import annotations

from services.gateway.signing import Signer
from shared.contracts.references import PublicReference, Reference
from shared.contracts.verifying import Verification


def with_addresses(reference: Reference, tenant: str, signer: Signer) -> Reference:
    for picture in reference.pictures:
        path = f"/v1/references/{reference.reference_id}/pictures/{picture.sha256}/content"
        picture.url = signer.address(path, tenant)
    if reference.public:
        reference.public.url = public_path(reference.public.public_id)
        reference.public.qr_url = f"{reference.public.url}/qr.svg"
    return reference


def with_evidence(made: Verification, tenant: str, signer: Signer) -> Verification:
    for picture in made.pictures:
        path = f"/v1/verifications/{made.verification_id}/pictures/{picture.name}"
        picture.url = signer.address(path, tenant)
    return made


def public_addresses(reference: PublicReference) -> PublicReference:
    for picture in reference.pictures:
        picture.url = f"{public_path(reference.public_id)}/pictures/{picture.sha256}"
    return reference


def public_path(public_id: str) -> str:
    return f"/public/references/{public_id}"
