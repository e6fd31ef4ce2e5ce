"""A shop that goes on sending while services stop, die and come back."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self
from uuid import uuid4

from loupe.client import Client, UserEvent
from shared.contracts.api import ItemIn
from tests.support.pictures import drawing
from tests.support.waiting import until

_PATIENCE = 120.0
_SIDE = 320
_PAUSE_SECONDS = 0.25
_SHOPPER = "who-looks-on-and-on"


@dataclass
class Promised:
    """What Loupe said that it keeps: `accepted` pictures by id, `sent` pictures by item, `events` by id."""

    accepted: list[str] = field(default_factory=list)
    sent: dict[str, bytes] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)

    def copy(self) -> Self:
        return type(self)(list(self.accepted), dict(self.sent), list(self.events))

    def lost(self, client: Client) -> list[str]:
        """Those of the accepted pictures that do not come to be indexed."""
        return [image for image in self.accepted if client.wait_for_image(image, seconds=180).state != "indexed"]

    def unfound(self, client: Client) -> list[str]:
        """The items that a search by their own picture does not find."""
        found = {sku: client.search(picture, limit=5).results for sku, picture in self.sent.items()}
        return [sku for sku, results in found.items() if sku not in [result.sku for result in results]]

    def unrecorded(self, client: Client) -> set[str]:
        """The events that are not in the shopper's history once none is on its way; `client` is an `admin`'s."""
        until(lambda: client.status().outbox == 0, "every message has its outcome", _PATIENCE, 0.1)
        asked = client.export_user(_SHOPPER)
        until(lambda: client.export(asked.export_id).state == "done", "the history is gathered", _PATIENCE, 0.1)
        with zipfile.ZipFile(io.BytesIO(client.export_data(asked.export_id))) as archive:
            lines = archive.read("events.jsonl").splitlines()
        return set(self.events) - {json.loads(line)["id"] for line in lines}


class Shop:
    """`promised` grows while it sends. What failed it tells when it ends."""

    def __init__(self, address: str, key: str) -> None:
        self.promised = Promised()
        self.failed: BaseException | None = None
        self._address, self._key = address, key
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="shop")

    @property
    def accepted(self) -> list[str]:
        """The id of each picture for which Loupe said that it is kept."""
        return self.promised.accepted

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Send no more."""
        self._stop.set()
        self._thread.join()
        if self.failed:
            raise self.failed

    def lost(self) -> list[str]:
        with self._client() as client:
            return self.promised.lost(client)

    def unfound(self) -> list[str]:
        with self._client() as client:
            return self.promised.unfound(client)

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
        self.promised.accepted.append(client.add_image(sku, picture).image_id)
        self.promised.sent[sku] = picture
        looked = UserEvent(id=uuid4().hex, type="viewed", sku=sku, user_id=_SHOPPER, at=datetime.now(UTC))
        client.send_events([looked])
        self.promised.events.append(looked.id)
        client.search(picture, limit=5)


@contextmanager
def sending(address: str, key: str) -> Iterator[Shop]:
    """A shop that sends pictures, tells that one is looked at, and searches with each, one after the other, and again
    while it is not answered.

    Leaving it ends the sending, and raises what failed.
    """
    shop = Shop(address, key)
    shop.begin()
    try:
        yield shop
    finally:
        shop.end()


def reconciled(client: Client) -> dict[str, int]:
    """What a comparison of the stores found, once it is over."""
    client.reconcile()
    until(lambda: client.reconcile_report().finished_at, "the stores are compared", 120, 0.1)
    return client.reconcile_report().found
