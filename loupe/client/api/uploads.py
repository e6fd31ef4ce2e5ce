"""Pictures as raw bytes, and many of them straight into the object store."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial

from loupe.client.api.images import each_sent
from loupe.client.calls import Body, Call, Steps, Work, answer, json_body, nothing
from loupe.client.errors import Refused, Unavailable
from loupe.client.pictures import UNKNOWN, Picture, media_type_of, name_of, read
from shared.contracts.api import ImageAccepted
from shared.contracts.uploads import Upload, UploadedPicture, UploadedPictures, UploadsIn, UploadsMade

Sent = str | Refused | Unavailable
"""The id of a picture, or why it was refused."""


def put_image(sku: str, picture: Picture) -> Steps[ImageAccepted]:
    """As `add_image`, by the picture's SHA-256: one that was damaged on its way is refused."""
    data = yield Work(partial(read, picture))
    of = {"sku": sku, "sha256": hashlib.sha256(data).hexdigest()}
    body = Body(data, media_type_of(name_of(picture)))
    accepted: ImageAccepted = yield Call("PUT", "/v1/items/{sku}/images/{sha256}", answer(ImageAccepted), of, body=body)
    return accepted


def upload_images(pictures: Sequence[tuple[str, Picture]]) -> Steps[list[Sent]]:
    """Add up to 500 pictures, each of an item, by way of the object store: the image id of each, or why it was refused.

    One that is `Unavailable` was not come to in time, again and again: `add_uploaded` takes it later.
    """
    uploads = yield make_uploads(len(pictures))
    named = []
    for (sku, picture), place in zip(pictures, uploads, strict=True):
        data = yield Work(partial(read, picture))
        yield upload(place, data)
        named.append((sku, place.object_key))
    outcomes: list[Sent] = yield add_uploaded(named)
    while late := [place for place, outcome in enumerate(outcomes) if isinstance(outcome, Unavailable)]:
        again: list[Sent] = yield add_uploaded([named[place] for place in late])
        for place, outcome in zip(late, again, strict=True):
            outcomes[place] = outcome
        if all(isinstance(outcome, Unavailable) for outcome in again):
            break
    return outcomes


def make_uploads(count: int) -> Call[list[Upload]]:
    """Addresses for up to 500 pictures, each good for a while."""
    body = json_body(UploadsIn(count=count))
    return Call("POST", "/v1/uploads", lambda response: answer(UploadsMade)(response).uploads, body=body)


def upload(place: Upload, picture: bytes) -> Call[None]:
    """Put a picture's bytes to its address, which is the object store's or the gateway's. Needs and sends no key."""
    media_type = next((value for name, value in place.headers.items() if name.lower() == "content-type"), UNKNOWN)
    body = Body(picture, media_type)
    return Call(place.method, place.url, nothing, headers=place.headers, body=body, foreign=True)


def add_uploaded(pictures: Sequence[tuple[str, str]]) -> Call[list[Sent]]:
    """Add up to 500 pictures that were put to their addresses: the SKU and the `object_key` of each."""
    images = [UploadedPicture(sku=sku, object_key=key) for sku, key in pictures]
    return Call("POST", "/v1/images:batch", each_sent, body=json_body(UploadedPictures(images=images)))
