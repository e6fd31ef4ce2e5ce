"""Verification: is this the registered piece, or its design? Evidence and probabilities, never what it is made of."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from shared.contracts.comparing import Region, View
from shared.contracts.fields import Sha256, Share, Sku, TenantId, Timestamp
from shared.contracts.references import ReferenceId, ReferenceKind, Words

MAX_VERIFY_PICTURES = 4
MAX_VERIFY_BYTES = 64_000_000
REPORT_TYPE = "loupe-report"
PDF_TYPE = "loupe-report-pdf"

VerificationId = Annotated[str, StringConstraints(pattern=r"^vrf_[0-9a-f]{32}$")]
EvidenceName = Annotated[str, StringConstraints(pattern=r"^[0-3]-[0-9]$")]
"""Which of a verification's pictures: the photo, and the reference's picture, by their places."""
Outcome = Literal["match", "mismatch", "cannot_tell"]

ReasonCode = Literal[
    "alike",
    "structure-differs",
    "colour-differs",
    "outline-differs",
    "text-agrees",
    "text-differs",
    "text-unread",
    "same-picture",
    "no-individual-mark",
    "other-side",
    "not-aligned",
    "unsure",
    "nothing-found",
    "blurred",
    "glare",
    "too-small",
    "too-dark",
    "no-piece",
    "cut-off",
]
RetakeCode = Literal[
    "sharper", "less-glare", "nearer", "lighter", "same-side", "whole-piece", "own-photo", "hallmark", "serial"
]


class VerifyQuery(BaseModel):
    """The reference that the photos are claimed to show: by its id, or all that are registered under an SKU. Neither:
    it is looked for among the shop's own references."""

    model_config = ConfigDict(extra="forbid")

    reference_id: ReferenceId | None = None
    sku: Sku | None = None

    @model_validator(mode="after")
    def _one_claim(self) -> Self:
        if self.reference_id and self.sku:
            raise ValueError("name the reference_id or the sku, not both")
        return self


class Verdict(BaseModel):
    """`probability` in 0..1: of a match, calibrated; None where nothing could be compared."""

    outcome: Outcome
    probability: Share | None = None


class Reason(BaseModel):
    """Something that the verdict rests on. `photo`: which of the photos sent, from 0; `view` and `picture` (its hash):
    which of the reference's pictures; `regions`: where, in both."""

    code: ReasonCode
    words: Words
    photo: int | None = None
    view: View | None = None
    picture: Sha256 | None = None
    regions: list[Region] = Field(default_factory=list)


class Retake(BaseModel):
    """A photo that would help."""

    code: RetakeCode
    photo: int | None = None
    view: View | None = None
    words: Words


class EvidencePicture(BaseModel):
    """A photo brought onto the reference's picture, both side by side; green frames are alike, red ones differ. `url`
    is good for a day at least, and made anew by each GET of the verification."""

    name: EvidenceName
    photo: int
    view: View
    url: str
    width: int
    height: int
    sha256: Sha256


class Compared(BaseModel):
    """What was compared: hashes of the photos as sent and of the reference's pictures, and by which method."""

    photos: list[Sha256]
    reference_pictures: list[Sha256]
    reference_version: int | None = None
    method: str
    decided_by: str
    what: Words


class Verification(BaseModel):
    """`design`: of the same design as the reference? `piece`: the very same piece? `reference_id` None: nothing that
    is registered here was found. `not_claimed`: what no photo tells, and this answer does not."""

    verification_id: VerificationId
    created_at: Timestamp
    expires_at: Timestamp
    reference_id: ReferenceId | None = None
    reference_title: str | None = None
    reference_kind: ReferenceKind | None = None
    claimed: VerifyQuery
    design: Verdict
    piece: Verdict
    words: Words
    reasons: list[Reason]
    retakes: list[Retake] = Field(default_factory=list)
    pictures: list[EvidencePicture] = Field(default_factory=list)
    compared: Compared
    not_claimed: Words
    same_picture: Share = Field(0.0, description="How likely a photo is one of the reference's own pictures, 0..1.")


class VerificationPage(BaseModel):
    verifications: list[Verification]
    next_cursor: str | None = None


class VerifyAsked(BaseModel):
    """What the gateway asks, beside the photos themselves. `sent`: the hash of each photo as it was sent."""

    tenant: TenantId
    claimed: VerifyQuery = Field(default_factory=VerifyQuery)
    sent: list[Sha256] = Field(min_length=1, max_length=MAX_VERIFY_PICTURES)
