"""What shoppers were shown, told by the gateway to the recommender."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.fields import MAX_LIMIT, MAX_PIECES, SearchId, SessionId, Sku, Timestamp, UserId
from shared.contracts.messages import Message

MAX_SHOWN_LISTS = 500


class ShownList(BaseModel):
    """Items that were shown together, best first; the first of them at place `first`, from 0, of its list.

    `piece`: the number of the piece of the photo that they were found by. `ranking`: by what they were ranked, in the
    `variant` of an experiment. Of suggestions, one an item: `propensities` and `features` as in `Hit`.
    """

    model_config = ConfigDict(frozen=True)

    search_id: SearchId
    place: Literal["results", "suggestions", "similar", "completes", "for-you", "e-mail"]
    piece: int = Field(0, ge=0, lt=MAX_PIECES)
    first: int = Field(0, ge=0)
    ranking: str = Field(max_length=255)
    variant: str = Field("", max_length=80)
    user_id: UserId | None = None
    session_id: SessionId | None = None
    at: Timestamp = Field(default_factory=lambda: datetime.now(UTC))
    skus: list[Sku] = Field(min_length=1, max_length=MAX_LIMIT)
    propensities: list[float] = Field(default_factory=list, max_length=MAX_LIMIT)
    features: list[list[float]] = Field(default_factory=list, max_length=MAX_LIMIT)


class ImpressionsShown(Message):
    """What the shop's shoppers were shown. Statistics: those of a second may be lost when the gateway is killed."""

    name = "impressions.shown"
    bundle = 4

    batch_id: str
    lists: list[ShownList] = Field(min_length=1, max_length=MAX_SHOWN_LISTS)


class ImpressionsRecorded(Message):
    name = "impressions.recorded"

    batch_id: str
