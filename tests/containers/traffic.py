"""A shop that goes on sending while services stop, die and come back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from loupe.client import Client
from shared.contracts.api import ItemIn
from tests.support.pictures import drawing

_PATIENCE = 120.0
_SIDE = 320
_PAUSE_SECONDS = 0.25


class Shop:
    """`accepted`: the ids of the pictures for which Loupe said that they are kept."""

    def __init__(self, client: Client) -> None:
        self.accepted: list[str] = []
        self.failed: BaseException | None = None
        self._client = client
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="shop")

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Send no more; what was accepted has its outcome."""
        self._stop.set()
        self._thread.join()
        if self.failed:
            raise self.failed

    def lost(self) -> list[str]:
        """Those of the accepted pictures that do not come to be indexed."""
        return [image for image in self.accepted if self._client.wait_for_image(image, seconds=180).state != "indexed"]

    def _run(self) -> None:
        try:
            while not self._stop.wait(_PAUSE_SECONDS):
                sku = f"SENT-{uuid4().hex}"
                self._client.put_item(sku, ItemIn(title="Sent on and on"))
                picture = drawing(uuid4().int, _SIDE)
                self.accepted.append(self._client.add_image(sku, picture).image_id)
        except BaseException as error:  # noqa: BLE001 - told by the thread that ends it
            self.failed = error


@contextmanager
def sending(address: str, key: str) -> Iterator[Shop]:
    """A shop that sends pictures, one after the other, and each again while it is not answered."""
    with Client(address, key, patience=_PATIENCE) as client:
        shop = Shop(client)
        shop.begin()
        try:
            yield shop
        finally:
            shop.end()
