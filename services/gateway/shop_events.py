"""What is done about a shop's event: the same as about its HTTP request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from services.gateway.catalogue import Catalogue
from services.gateway.incoming import Incoming
from services.gateway.multipart import Upload
from services.gateway.told_events import never_had
from services.gateway.uploads import Uploads
from shared.contracts.api import ItemPut
from shared.contracts.messages import UserEvent
from shared.contracts.shop import ImageAdded, ItemRemoved, ShopEvent
from shared.errors import LoupeError, NotFound, Permanent


class ShopEvents:
    """Handling an event twice has the effect of once. `incoming` is where shops put pictures."""

    def __init__(self, catalogue: Catalogue, uploads: Uploads, incoming: Incoming) -> None:
        self._catalogue = catalogue
        self._uploads = uploads
        self._incoming = incoming

    def handle(self, tenant: str, event: ShopEvent) -> None:
        """Raises `NotFound` when what the event refers to is not there, or not yet, and other `Permanent` errors.

        The first of the error's `errors` names the field.
        """
        match event.data:
            case ItemPut() as item:
                self._catalogue.put_items(tenant, [item])
            case ItemRemoved(sku=sku):
                with suppress(NotFound):  # it is gone already
                    self._catalogue.remove_item(tenant, sku)
            case ImageAdded() as image:
                self._add_image(tenant, image)
            case UserEvent() as said:
                with _blaming("data.sku"):
                    if self._catalogue.accept_events(tenant, [said]):
                        raise NotFound(never_had(said))

    def _add_image(self, tenant: str, image: ImageAdded) -> None:
        if image.object_key is not None:
            with _blaming("data.object_key"):
                content = self._incoming.read(tenant, image.object_key)
        else:
            content = image.content or b""
        field = "data.object_key" if image.object_key else "data.content"
        upload = Upload.of(content)
        with _blaming(field, missing="data.sku"), upload.file:
            (image_id,) = self._uploads.store(tenant, [(image.sku, upload)])
            if isinstance(image_id, LoupeError):
                raise image_id
        if image.object_key is not None:
            self._incoming.taken(tenant, {image.object_key: upload.sha256})


@contextmanager
def _blaming(path: str, *, missing: str | None = None) -> Iterator[None]:
    try:
        yield
    except Permanent as error:
        at = missing if missing and isinstance(error, NotFound) else path
        error.errors = [{"path": at, "message": error.detail}]
        raise
