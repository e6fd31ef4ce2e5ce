"""How pictures come in, whatever way they came: their bytes first, then the rows that tell of them."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from services.gateway import metrics
from services.gateway.catalogue import Catalogue
from services.gateway.item_rows import no_item
from services.gateway.listing import Listing
from services.gateway.multipart import Upload
from services.gateway.pictures import Inspector, Picture
from shared.contracts.analysis import picture_key
from shared.errors import LoupeError, Permanent
from shared.objectstore import ObjectStore
from shared.pictures import strip

_AT_ONCE = 4
"""Each is held in memory twice while it is stripped."""


class Uploads:
    """`pictures` is the bucket of that name."""

    def __init__(self, catalogue: Catalogue, listing: Listing, pictures: ObjectStore, inspect: Inspector) -> None:
        self._catalogue = catalogue
        self._listing = listing
        self._pictures = pictures
        self._inspect = inspect
        self._few = threading.BoundedSemaphore(_AT_ONCE)

    def store(self, tenant: str, uploads: Sequence[tuple[str, Upload]]) -> list[str | LoupeError]:
        """Keep pictures, each with its item's SKU: the image id of each, or why it is refused.

        The same bytes for the same item again are the same picture.
        """
        known = self._listing.known_pictures(tenant, [(sku, upload.sha256) for sku, upload in uploads])
        blur = self._listing.blurs_faces(tenant)
        outcomes: dict[int, str | LoupeError] = {}
        new: dict[int, tuple[str, Picture]] = {}
        for place, (sku, upload) in enumerate(uploads):
            try:
                picture = self._inspect(upload)
            except Permanent as refused:
                outcomes[place] = refused
                continue
            key = (sku, upload.sha256)
            image_id = known.get(key)
            if image_id:
                outcomes[place] = image_id
            elif key in known:
                try:
                    self._keep(tenant, upload, unless_there=blur)
                except Permanent as refused:
                    outcomes[place] = refused
                    continue
                metrics.UPLOADED_BYTES.observe(upload.size)
                new[place] = sku, picture
            else:
                outcomes[place] = no_item(sku)
        if new:
            for place, added in zip(new, self._catalogue.add_images(tenant, list(new.values())), strict=True):
                outcomes[place] = added or no_item(new[place][0])
                self._keep(tenant, uploads[place][1], unless_there=True)
        return [outcomes[place] for place in range(len(uploads))]

    def _keep(self, tenant: str, upload: Upload, *, unless_there: bool) -> None:
        """Put the picture alone, of all that its bytes tell. Raises `UnsupportedPicture` where that cannot be done.

        `unless_there`: what is there may be without faces already. And it is put again, behind its row, if it was
        collected as that of no row just before.
        """
        key = picture_key(upload.sha256)
        if unless_there and self._pictures.exists(tenant, key):
            return
        with self._few:
            upload.file.seek(0)
            self._pictures.put(tenant, key, strip(upload.file.read()))
