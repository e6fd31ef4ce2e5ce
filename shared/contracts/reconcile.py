"""The comparison of a shop's catalogue with its index, page by page."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.fields import ImageId, Sha256, Sku
from shared.contracts.messages import Message


class ListedImage(BaseModel):
    """A live picture of the catalogue. `item_revision` as in `ImageStored`, `revision` the item's now.

    `indexed`: its outcome was that it can be found, so the index must have it.
    """

    model_config = ConfigDict(frozen=True)

    image_id: ImageId
    sku: Sku
    sha256: Sha256
    item_revision: int = Field(ge=1)
    revision: int = Field(ge=1)
    indexed: bool


class CatalogueListed(Message):
    """All live pictures of the shop with `after` < image id <= `until`, in that order; `until` None is the end.

    `listed` False: there are none to compare any more. `scan_after`: where to go on through the points of the index,
    None when that is done. The page may be older than changes that the index has seen.
    """

    name = "catalogue.listed"
    bundle = 1

    run: int
    page: int
    listed: bool
    after: str = ""
    until: str | None = None
    images: list[ListedImage] = Field(default_factory=list, max_length=200)
    scan_after: str | None = None


class Stranger(BaseModel):
    """A picture that the index knows and the page, or the index's own table, does not."""

    model_config = ConfigDict(frozen=True)

    image_id: ImageId
    sku: Sku


class IndexCompared(Message):
    """What came of a page: how much was `found` of each kind, all repaired or asked for; `until` is the page's.

    Of `strangers` the indexer touches nothing: the page may be older than they are. `behind` are items of whose newest
    revision the index has not heard, or not the words. `ahead` are items, with the revision, of which the index has
    heard of a higher revision than the page has. `scan_next` is where the next page goes on through the points.
    """

    name = "index.compared"

    run: int
    page: int
    until: str | None = None
    found: dict[str, int] = Field(default_factory=dict)
    strangers: list[Stranger] = Field(default_factory=list)
    behind: list[Sku] = Field(default_factory=list)
    ahead: dict[Sku, int] = Field(default_factory=dict)
    scan_next: str | None = None
