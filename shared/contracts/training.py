"""What a shop's catalogue has to learn from, as the public HTTP API tells it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.analysis import AttributeName, Piece
from shared.contracts.fields import ImageId, ModelVersion, Sha256, Sku, TenantId, Word


class TrainingPicture(BaseModel):
    """A picture of the catalogue by its main piece, as one model alone sees it: no correction is laid over it.

    `said` is what the shop says of the item, in its own words; `corrected` what a merchant said of this picture.
    """

    sku: Sku
    image_id: ImageId
    sha256: Sha256
    said: dict[AttributeName, str] = Field(default_factory=dict)
    corrected: dict[AttributeName, Word] = Field(default_factory=dict)
    piece: Piece


class TrainingPage(BaseModel):
    """`lacking` counts the pictures of this page that the model has not analysed: they are left out."""

    model_config = ConfigDict(protected_namespaces=())

    tenant: TenantId
    model_version: ModelVersion
    pictures: list[TrainingPicture]
    lacking: int = 0
    next_cursor: str | None = None
