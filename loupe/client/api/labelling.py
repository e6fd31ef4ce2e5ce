"""Pictures to be looked at by a person, and what people said of them."""

from __future__ import annotations

from loupe.client.calls import Call, Pages, answer, paged
from shared.contracts.analysis import AttributeName
from shared.contracts.api import Image
from shared.contracts.fields import MAX_LIMIT
from shared.contracts.labelling import LabellingPage

_ROUTE = "/v1/labelling"


def doubtful_images(*, attribute: AttributeName = "type", page: int = MAX_LIMIT) -> Pages[Image]:
    """Indexed pictures of which nobody has said the attribute, the least certain first; `correct_image` says it."""
    return paged(LabellingPage, "images", _ROUTE, page, attribute=attribute)


def labelling_page(*, attribute: AttributeName = "type", limit: int = 20) -> Call[LabellingPage]:
    """The first of them, with the classes to choose from and how many are left."""
    return Call("GET", _ROUTE, answer(LabellingPage), params={"attribute": attribute, "limit": limit})


def labelling_manifest() -> Call[bytes]:
    """What people said, as a CSV to train on: a line a picture, whose file is to lie at `path` beside it."""
    return Call("GET", "/v1/labelling/manifest.csv", lambda response: response.content)
