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
    """`accepted`: the id of each picture for which Loupe said that it is kept. What failed it tells when it ends."""

    def __init__(self, address: str, key: str) -> None:
        self.accepted: list[str] = []
        self.failed: BaseException | None = None
        self._address, self._key = address, key
        self._sent: dict[str, bytes] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="shop")

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Send no more."""
        self._stop.set()
        self._thread.join()
        if self.failed:
            raise self.failed

    def lost(self) -> list[str]:
        """Those of the accepted pictures that do not come to be indexed."""
        with self._client() as client:
            return [image for image in self.accepted if client.wait_for_image(image, seconds=180).state != "indexed"]

    def unfound(self) -> list[str]:
        """The items that a search by their own picture does not find."""
        with self._client() as client:
            found = {sku: client.search(picture, limit=5).results for sku, picture in self._sent.items()}
        return [sku for sku, results in found.items() if sku not in [result.sku for result in results]]

    def _client(self) -> Client:
        return Client(self._address, self._key, patience=_PATIENCE)

    def _run(self) -> None:
        try:
            with self._client() as client:
                while not self._stop.wait(_PAUSE_SECONDS):
                    self._send_one(client)
        except BaseException as error:  # noqa: BLE001 - told by the thread that ends it
            self.failed = error

    def _send_one(self, client: Client) -> None:
        sku, picture = f"SENT-{uuid4().hex}", drawing(uuid4().int, _SIDE)
        client.put_item(sku, ItemIn(title="Sent on and on"))
        self.accepted.append(client.add_image(sku, picture).image_id)
        self._sent[sku] = picture
        client.search(picture, limit=5)


@contextmanager
def sending(address: str, key: str) -> Iterator[Shop]:
    """A shop that sends pictures and searches with each, one after the other, and again while it is not answered.

    Leaving it ends the sending, and raises what failed.
    """
    shop = Shop(address, key)
    shop.begin()
    try:
        yield shop
    finally:
        shop.end()
