"""Copies found: pieces of another shop that look like one's own, by consent of both. A person says what they are."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints, model_validator

from shared.contracts.analysis import Box
from shared.contracts.comparing import EditCode, View
from shared.contracts.fields import MAX_PIECES, Flag, ImageId, Sha256, Share, Sku, TenantId, Timestamp
from shared.contracts.messages import Message
from shared.contracts.references import ReferenceId, Words

LookalikeId = Annotated[str, StringConstraints(pattern=r"^like_[0-9a-f]{32}$")]
PictureHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
"""64 bits as hexadecimal digits: the signs of the frequencies `HASH_FREQUENCIES` of a picture, or a piece in it."""
HASH_FREQUENCIES: tuple[tuple[int, int], ...] = tuple(
    sorted(((down, across) for down in range(11) for across in range(11) if down + across), key=lambda f: (sum(f), f))
)[:64]
"""The vertical and the horizontal frequency of each bit of a `PictureHash`, those of the highest bit first."""

Degree = Literal["same_picture", "edited_picture", "same_piece", "same_design", "similar"]
"""The strongest first: the same picture; one made of it by editing; another photo of what seems to be the same piece;
of the same design; of something much like it."""
DEGREES: tuple[Degree, ...] = ("same_picture", "edited_picture", "same_piece", "same_design", "similar")
Evidence = Literal["picture", "design"]
"""By what something was found: that the pictures are one, or that the pieces in them look alike."""
Decision = Literal["confirmed", "dismissed", "allowed"]
LookalikeState = Literal["open", "confirmed", "dismissed", "allowed"]


class ConsentSaid(BaseModel):
    """`consents`: this shop's pictures and protected designs may be compared with those of the other shops that
    consent, and what is found is told to both, each with the other's name, item and picture."""

    model_config = ConfigDict(extra="forbid")

    consents: Flag


class LookalikeConsent(ConsentSaid):
    """`since`: when that was said; absent where nothing was ever said, which is no consent. `waiting`: so many of the
    shop's pictures are still to be compared."""

    since: Timestamp | None = None
    waiting: int = 0


class CopySide(BaseModel):
    """One of the two that are alike: a picture of an item, or that with the hash `sha256` of a protected design.

    `box`: where the common part is. `image_url` shows the picture for an hour.
    """

    sku: Sku | None = None
    image_id: ImageId | None = None
    reference_id: ReferenceId | None = None
    view: View | None = None
    sha256: Sha256 | None = None
    box: Box = Field(default_factory=Box)
    image_url: str | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> CopySide:
        if (self.reference_id is None) == (self.sku is None):
            raise ValueError("give either sku, with image_id, or reference_id")
        return self


class OtherSide(CopySide):
    """The other shop's. `shop` is its name in this installation."""

    shop: TenantId


class Finding(BaseModel):
    """`score` in 0..1 is what was held against the threshold: how sure the degree is. `edits`: of a picture that is
    made of another one."""

    degree: Degree
    evidence: Evidence
    score: Share
    edits: list[EditCode] = Field(default_factory=list)


class Lookalike(Finding):
    """Something of another shop that looks like something of this one. It is found once; a stronger degree that is
    found later takes its place. `words` say what was compared and what that does not say."""

    lookalike_id: LookalikeId
    state: LookalikeState
    own: CopySide
    other: OtherSide
    found_at: Timestamp
    decided_at: Timestamp | None = None
    words: Words


class DecisionSaid(BaseModel):
    """What the gateway tells of a person's decision."""

    decision: Decision


class LookalikePage(BaseModel):
    """The newest first."""

    lookalikes: list[Lookalike]
    next_cursor: str | None = None


class LookalikeThreshold(BaseModel):
    """What is told is at or over `threshold`, in 0..1, which the shop's decisions move between `lowest` and `highest`;
    `at_first`: where it was before any. `right` were confirmed or allowed, `wrong` dismissed."""

    evidence: Evidence
    threshold: Share
    at_first: Share
    lowest: Share
    highest: Share
    right: int = 0
    wrong: int = 0


class LookalikeThresholds(BaseModel):
    thresholds: list[LookalikeThreshold]


class BoxesAsked(RootModel[list[Box]]):
    """The pieces of a picture, as JSON in the query of `POST /fingerprint`."""

    root: list[Box] = Field(max_length=MAX_PIECES)


class Fingerprints(BaseModel):
    """Of a whole picture and of each box that was asked, in their order, the hash of what is in it."""

    whole: PictureHash
    boxes: list[PictureHash] = Field(default_factory=list)


class LookalikeFound(Message):
    """Something that looks like something of this shop was found, for the first time. Its outcome is
    `lookalike.told`."""

    name = "lookalike.found"

    lookalike_id: LookalikeId
    degree: Degree
    evidence: Evidence
    score: Share
    edits: list[EditCode] = Field(default_factory=list)
    own: CopySide
    other: OtherSide
    found_at: Timestamp


class LookalikeTold(Message):
    """The shop hears of it: it is kept with what goes to the shop bus and to webhooks."""

    name = "lookalike.told"

    lookalike_id: LookalikeId
