"""Uploads for big batches: bytes first, to an address without a key, then which item each of them is of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.contracts.fields import NO_TEXT, Sku, Timestamp

MAX_UPLOADS = 500
"""Of one request: addresses that are asked for, or pictures that are named."""

ObjectKey = Annotated[str, StringConstraints(min_length=1, max_length=803)]
"""Where an object lies below the shop's prefix."""

UploadName = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class UploadsIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    count: Annotated[int, Field(ge=1, le=MAX_UPLOADS, examples=[2]), NO_TEXT]


class Upload(BaseModel):
    """Where the bytes of one picture go: a PUT to `url` with these `headers`, until `expires_at`, and no API key.

    `url` is absolute, or a path on the gateway. `object_key` then names the picture.
    """

    object_key: ObjectKey
    url: str
    method: Literal["PUT"] = "PUT"
    headers: dict[str, str] = Field(default_factory=dict)
    expires_at: Timestamp


class UploadsMade(BaseModel):
    uploads: list[Upload]


class UploadedPicture(BaseModel):
    """A picture that lies in the bucket `incoming`, and the item that it is of."""

    model_config = ConfigDict(extra="forbid")

    sku: Sku
    object_key: ObjectKey


class UploadedPictures(BaseModel):
    model_config = ConfigDict(extra="forbid")

    images: list[UploadedPicture] = Field(min_length=1, max_length=MAX_UPLOADS)
