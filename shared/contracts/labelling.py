"""Pictures to be looked at by a person, one after the other, as the public HTTP API tells them."""

from __future__ import annotations

from pydantic import BaseModel

from shared.contracts.analysis import AttributeName
from shared.contracts.api import Image
from shared.contracts.fields import Word


class LabellingPage(BaseModel):
    """Indexed pictures of which nobody has said the `attribute`, the least certain answer of the model first.

    `classes`: the values that models tell, then those that this shop has said, at most 100. `left` pictures are to be
    looked at, of `pictures` that are indexed.
    """

    attribute: AttributeName
    classes: list[Word]
    images: list[Image]
    left: int
    pictures: int
    next_cursor: str | None = None
