"""Registered references: what an owner says of a piece or a design, its pictures by hash, and the seal under both."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.contracts.comparing import QualityCode, View
from shared.contracts.fields import NO_TEXT, Flag, Sha256, Sku, TenantId, Timestamp

MAX_REFERENCE_PICTURES = 8
MAX_REFERENCE_BYTES = 64_000_000
"""Of the pictures of one request together."""
RECORD_TYPE = "loupe-reference"
VIEWS: tuple[View, ...] = ("front", "side", "back", "top", "detail", "hallmark", "serial", "scale")

ReferenceId = Annotated[str, StringConstraints(pattern=r"^ref_[0-9a-f]{32}$")]
PublicId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{32}$")]
"""192 random bits: nobody finds it who was not told."""
ReferenceKind = Literal["piece", "design"]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""1 to 200 characters, none of them a control character."""
Mark = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""What is stamped or engraved on a piece: 1 to 64 characters."""
Millimetres = Annotated[float, Field(gt=0, le=2_000), NO_TEXT]
GuidanceCode = Literal["view-missing", "scale-missing", "text-missing"]
Language = Literal["en", "zh"]


class Words(BaseModel):
    """The same said in English and in Chinese."""

    en: str
    zh: str


class CertificateData(BaseModel):
    """What a paper that somebody issued says, as the owner copied it. Loupe checks nothing of it."""

    model_config = ConfigDict(extra="forbid")

    issuer: Line
    number: Line
    issued_on: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None = None
    text: Annotated[str, StringConstraints(max_length=2_000, pattern=r"^[^\x00]*$")] = ""


class SizeMm(BaseModel):
    """As somebody measured it, in millimetres."""

    model_config = ConfigDict(extra="forbid")

    width: Millimetres | None = None
    height: Millimetres | None = None
    depth: Millimetres | None = None


class ReferenceIn(BaseModel):
    """What an owner says of a piece, or of a design of which there are many pieces. `owner` is the name that a public
    page shows; `protected`: look-alikes of it are watched for."""

    model_config = ConfigDict(extra="forbid")

    kind: ReferenceKind = "piece"
    title: Line = Field(examples=["Emerald halo ring"])
    owner: Line | None = Field(None, examples=["Atelier Example"])
    sku: Sku | None = None
    certificate: CertificateData | None = None
    size_mm: SizeMm | None = None
    hallmark_text: Mark | None = Field(None, examples=["750"])
    serial_text: Mark | None = Field(None, examples=["A-1042"])
    protected: Flag = False


class ReferencePatch(BaseModel):
    """A JSON Merge Patch (RFC 7396) of what an owner says. Absent: leave as it is. null: take it away. `certificate`
    and `size_mm` are replaced whole."""

    model_config = ConfigDict(extra="forbid")

    kind: ReferenceKind = Field(default="piece")
    title: Line = Field(default="-", examples=["Emerald halo ring"])
    owner: Line | None = None
    sku: Sku | None = None
    certificate: CertificateData | None = None
    size_mm: SizeMm | None = None
    hallmark_text: Mark | None = None
    serial_text: Mark | None = None
    protected: Flag = False


class RecordPicture(BaseModel):
    """A picture of a record. `sha256`: of the bytes that are kept; `sent_sha256`: of those that were sent, before what
    tells of people was taken off. `width` and `height` in pixels."""

    view: View
    sha256: Sha256
    sent_sha256: Sha256
    bytes: int
    width: int
    height: int


class ReferenceRecord(ReferenceIn):
    """One version of a reference, as it is sealed. `previous`: SHA-256 of the canonical form (RFC 8785) of the version
    before; None of the first."""

    type: Literal["loupe-reference"] = "loupe-reference"
    reference_id: ReferenceId
    version: int = Field(ge=1)
    previous: Sha256 | None = None
    registered_at: Timestamp
    changed_at: Timestamp
    pictures: list[RecordPicture] = Field(min_length=1, max_length=MAX_REFERENCE_PICTURES)


class Sealed(BaseModel):
    """A document and its seal, as `loupe check-reference` and `loupe check-report` read it. `seal`: `alg`, `kid`,
    `type`, `digests` (SHA-256 by JSON pointer of each value) and `signature` over the canonical form of the others."""

    document: dict[str, Any]
    seal: dict[str, Any]


class ReferenceFile(BaseModel):
    """All versions of a record, the newest last: a file that anybody can check without Loupe."""

    format: Literal["loupe-reference-file/1"] = "loupe-reference-file/1"
    versions: list[Sealed]


class Guidance(BaseModel):
    """What would make the reference better to compare with: a code, of which view or picture, and words for it."""

    code: GuidanceCode | QualityCode
    view: View | None = None
    sha256: Sha256 | None = None
    words: Words


class ReferencePicture(RecordPicture):
    """`codes`: what makes it hard to compare. `read`: the text that was read in a close-up. `url`: its bytes."""

    codes: list[QualityCode] = Field(default_factory=list)
    read: list[str] = Field(default_factory=list)
    url: str


class PublicPage(BaseModel):
    """Where anybody who was told the address sees the record, and its QR code."""

    public_id: PublicId
    url: str
    qr_url: str


class Reference(ReferenceIn):
    """A registered reference as it is now. `guidance`: what to photograph next; empty when nothing is missing."""

    reference_id: ReferenceId
    version: int
    registered_at: Timestamp
    changed_at: Timestamp
    pictures: list[ReferencePicture]
    guidance: list[Guidance] = Field(default_factory=list)
    public: PublicPage | None = None


class ReferencesKept(BaseModel):
    """How many pictures a shop's references have, and of how many bytes together. Each reference's are counted."""

    pictures: int = Field(ge=0)
    bytes: int = Field(ge=0)


class ReferencePage(BaseModel):
    references: list[Reference]
    next_cursor: str | None = None


class ReferenceAsked(BaseModel):
    """What the gateway asks to be registered, beside the bytes of the pictures, in their order."""

    tenant: TenantId
    said: ReferenceIn
    pictures: list[RecordPicture] = Field(min_length=1, max_length=MAX_REFERENCE_PICTURES)


class PicturesAsked(BaseModel):
    """What is asked beside the bytes of pictures that are added to a reference."""

    tenant: TenantId
    pictures: list[RecordPicture] = Field(min_length=1, max_length=MAX_REFERENCE_PICTURES)


class PatchAsked(BaseModel):
    """A patch, with the names of what it says: what it leaves out stays."""

    tenant: TenantId
    said: dict[str, Any]


class PublicReference(BaseModel):
    """What the public page of a reference shows: the record as it is sealed, and where its pictures are. `statement`:
    what it says and what it does not."""

    public_id: PublicId
    sealed: Sealed
    pictures: list[ReferencePicture]
    statement: Words
