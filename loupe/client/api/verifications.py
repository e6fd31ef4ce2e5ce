"""Photos that are held against a reference."""

from __future__ import annotations

from loupe.client.calls import Call, Form, Pages, answer, nothing, paged
from loupe.client.pictures import Picture
from shared.contracts.fields import MAX_LIMIT
from shared.contracts.references import Language, Sealed
from shared.contracts.verifying import Verification, VerificationPage, VerifyQuery

_ONE = "/v1/verifications/{verification_id}"


def verify(*photos: Picture, reference_id: str | None = None, sku: str | None = None) -> Call[Verification]:
    """Hold up to four photos of one piece against what they are claimed to show; without a claim, against the shop's
    own reference that looks most like it."""
    claimed = VerifyQuery(reference_id=reference_id, sku=sku)
    form = Form("image", photos, {"query": claimed.model_dump_json(exclude_none=True)})
    return Call("POST", "/v1/verify", answer(Verification), body=form)


def verifications(*, page: int = MAX_LIMIT) -> Pages[Verification]:
    """Those that are kept, the newest first. `page`: how many are fetched at a time."""
    return paged(VerificationPage, "verifications", "/v1/verifications", page)


def verification(verification_id: str) -> Call[Verification]:
    """One of them, with its pictures."""
    return Call("GET", _ONE, answer(Verification), {"verification_id": verification_id})


def erase_verification(verification_id: str) -> Call[None]:
    """With its pictures."""
    return Call("DELETE", _ONE, nothing, {"verification_id": verification_id})


def evidence(verification_id: str, name: str) -> Call[bytes]:
    """A picture of it, as a JPEG; `name` as in its `pictures`."""
    of = {"verification_id": verification_id, "evidence": name}
    return Call("GET", f"{_ONE}/pictures/{{evidence}}", lambda response: response.content, of)


def report(verification_id: str) -> Call[Sealed]:
    """The sealed report: what `loupe check-report` checks."""
    return Call("GET", f"{_ONE}/report.json", answer(Sealed), {"verification_id": verification_id})


def report_pdf(verification_id: str, language: Language = "en") -> Call[bytes]:
    """The signed report as a PDF."""
    of = {"verification_id": verification_id}
    return Call("GET", f"{_ONE}/report.pdf", lambda response: response.content, of, {"language": language})
