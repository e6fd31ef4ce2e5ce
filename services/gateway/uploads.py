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
from services.gateway.quotas import Quotas
from shared.contracts.analysis import picture_key
from shared.errors import LoupeError, Permanent
from shared.objectstore import ObjectStore
from shared.pictures import strip

_AT_ONCE = 4
"""Each is held in memory twice while it is stripped."""


class Uploads:
    """`pictures` is the bucket of that name."""

    def __init__(
        self, catalogue: Catalogue, listing: Listing, pictures: ObjectStore, inspect: Inspector, quotas: Quotas
    ) -> None:
        self._catalogue = catalogue
        self._quotas = quotas
        self._listing = listing
        self._pictures = pictures
        self._inspect = inspect
        self._few = threading.BoundedSemaphore(_AT_ONCE)

    def store(self, tenant: str, uploads: Sequence[tuple[str, Upload]]) -> list[str | LoupeError]:
        """Keep pictures, each with its item's SKU: the image id of each, or why it is refused.

        The same bytes for the same item again are the same picture. Of more than the shop may have, the first are kept;
        the bytes of the others are not.
        """
        places = self._listing.places(tenant, [(sku, upload.sha256) for sku, upload in uploads])
        room = self._quotas.room(tenant) if any(place.image_id is None for place in places.values()) else None
        blur = self._listing.blurs_faces(tenant)
        outcomes: dict[int, str | LoupeError] = {}
        new: dict[int, tuple[str, Picture]] = {}
        counted: set[tuple[str, str]] = set()
        for number, (sku, upload) in enumerate(uploads):
            try:
                picture = self._inspect(upload)
            except Permanent as refused:
                outcomes[number] = refused
                continue
            key = (sku, upload.sha256)
            at = places.get(key)
            if at is None:
                outcomes[number] = no_item(sku)
                continue
            if at.image_id is not None and at.state != "rejected":
                outcomes[number] = at.image_id
                continue
            if room and at.image_id is None and key not in counted:
                if full := room.refusal({"pictures": 1, "storage_bytes": upload.size}):
                    outcomes[number] = full
                    continue
                counted.add(key)
            try:
                self._keep(tenant, upload, unless_there=blur)
            except Permanent as refused:
                outcomes[number] = refused
                continue
            metrics.UPLOADED_BYTES.observe(upload.size)
            new[number] = sku, picture
        if new:
            for number, added in zip(new, self._catalogue.add_images(tenant, list(new.values())), strict=True):
                outcomes[number] = added or no_item(new[number][0])
                if isinstance(added, str):
                    self._keep(tenant, uploads[number][1], unless_there=True)
        return [outcomes[number] for number in range(len(uploads))]

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
