"""Pictures of items."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Literal

import httpx

from loupe.client.calls import Call, Form, Pages, Pause, Steps, answer, json_body, nothing, paged
from loupe.client.errors import NoAnswer, Refused, Unavailable, error_of
from loupe.client.pictures import Picture
from shared.contracts.api import Correction, Image, ImageAccepted, ImagePage, ImagesSent, Problem
from shared.contracts.fields import MAX_LIMIT

_UNSAID = Problem(title="The picture was refused", status=422, detail="without saying why.")
_LOOK_SECONDS = 0.25


def add_image(sku: str, picture: Picture) -> Call[ImageAccepted]:
    """Add a picture to an item. Accepted means kept; `wait_for_image` tells what becomes of it."""
    return Call("POST", "/v1/items/{sku}/images", answer(ImageAccepted), {"sku": sku}, body=Form("file", [picture]))


def add_images(pictures: Sequence[tuple[str, Picture]]) -> Call[list[str | Refused | Unavailable]]:
    """Add up to 32 pictures, 64 MB together, each of an item: the image id of each, or why it was refused."""
    texts = {"skus": json.dumps([sku for sku, _ in pictures])}
    form = Form("file", [picture for _, picture in pictures], texts)
    return Call("POST", "/v1/images:batch", each_sent, body=form)


def each_sent(response: httpx.Response) -> list[str | Refused | Unavailable]:
    """Reads `ImagesSent`: of each picture its image id, or its error."""
    sent = answer(ImagesSent)(response).images
    return [image.image_id or error_of(image.problem or _UNSAID) for image in sent]


def image(image_id: str) -> Call[Image]:
    """How far a picture has come, and what is seen in it."""
    return Call("GET", "/v1/images/{image_id}", answer(Image), {"image_id": image_id})


def wait_for_image(image_id: str, *, seconds: float = 60.0) -> Steps[Image]:
    """The picture once it is indexed or rejected; `reason` says why it was. Raises `NoAnswer` after `seconds`."""
    until = time.monotonic() + seconds
    while (now := (yield image(image_id))).state not in ("indexed", "rejected"):
        if time.monotonic() > until:
            raise NoAnswer(f"Picture {image_id} is still {now.state} after {seconds:g} s. Ask again later.")
        yield Pause(_LOOK_SECONDS)
    found: Image = now
    return found


def images(*, state: Literal["stored", "indexed", "rejected"] | None = None, page: int = MAX_LIMIT) -> Pages[Image]:
    """All pictures, or those of a state. `page`: how many are fetched at a time."""
    return paged(ImagePage, "images", "/v1/images", page, state=state)


def image_content(image_id: str, *, width: Literal[120, 240, 480, 960] | None = None) -> Call[bytes]:
    """The picture itself, as it was uploaded; with a width, as a WebP of at most so many pixels across."""
    names, asked = {"image_id": image_id}, {"width": width} if width else {}
    return Call("GET", "/v1/images/{image_id}/content", lambda response: response.content, names, asked)


def image_cutout(image_id: str) -> Call[bytes]:
    """The picture's main piece as a PNG with alpha. Raises `NotFound` where no piece is found in it."""
    return Call("GET", "/v1/images/{image_id}/cutout", lambda response: response.content, {"image_id": image_id})


def correct_image(image_id: str, correction: Correction) -> Call[Image]:
    """Say what the picture's main piece really is. None takes a correction back, what is left away stays."""
    return Call(
        "PATCH",
        "/v1/images/{image_id}/analysis",
        answer(Image),
        {"image_id": image_id},
        body=json_body(correction, exclude_unset=True),
    )


def remove_image(image_id: str) -> Call[None]:
    """Remove a picture of an item."""
    return Call("DELETE", "/v1/images/{image_id}", nothing, {"image_id": image_id})
