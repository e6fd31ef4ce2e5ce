"""What a shop does in a round while something breaks: it sends again until it is answered, as the documents tell it."""

from __future__ import annotations

import io
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from PIL import Image

from tests.chaos.stand import Stand
from tests.support.pictures import drawing
from tests.support.poison import KILLING_SIDE
from tests.support.waiting import until

ANSWERED_SECONDS = 300
_AGAIN_SECONDS = 0.1
_SIDE = 160
_MAY_BE_SENT_AGAIN = (429, 503)


@dataclass(frozen=True)
class Sent:
    """A picture that was accepted."""

    image_id: str
    sku: str
    bytes: bytes = field(repr=False)


@dataclass
class Ledger:
    """What a shop was promised. `odd`: answers that no document of ours tells of."""

    kept: list[Sent] = field(default_factory=list)
    removed: list[Sent] = field(default_factory=list)
    poison: list[Sent] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        return len(self.kept) + len(self.removed) + len(self.poison)


class Work:
    """Five items with a picture each, a price that changes, a picture and an item that go again at once, what shoppers
    did, and the removal of an older picture; one after the other, in a thread, from `begin` to `join`.

    `poison`: one more picture, which kills whoever decodes it.
    """

    def __init__(self, stand: Stand, name: str, first: int, older: Sequence[Sent], poison: bool) -> None:
        self.ledger = Ledger()
        self.answered = 0
        self._stand = stand
        self._name = name
        self._first = first
        self._older = older
        self._poison = poison
        self._failed: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, name="shop")

    def begin(self) -> None:
        self._thread.start()

    def await_answered(self, requests: int) -> None:
        """Until so many of its requests were answered, or all of them."""
        until(lambda: self.answered >= requests or not self._thread.is_alive(), "requests are answered", 300)

    def join(self) -> None:
        self._thread.join()
        if self._failed:
            raise self._failed[0]

    def _run(self) -> None:
        try:
            self._shop()
        except BaseException as error:  # noqa: BLE001 - told by the thread that joins
            self._failed.append(error)

    def _shop(self) -> None:
        ledger = self.ledger
        skus = [f"{self._name}-{number}" for number in range(5)]
        sent = []
        for number, sku in enumerate(skus):
            self._put(sku, 100)
            sent.append(self._upload(sku, drawing(self._first + number, _SIDE)))
            if number == 2 and self._poison:
                self._put(f"{self._name}-POISON", 100)
                ledger.poison.append(self._upload(f"{self._name}-POISON", _killing(self._first)))
        self._put(skus[0], 80)
        events = [
            {
                "id": uuid.uuid4().hex,
                "type": "clicked",
                "user_id": "a-shopper",
                "sku": sku,
                "at": datetime.now(UTC).isoformat(),
            }
            for sku in skus[3:]
        ]
        self._ask("POST", "/v1/events", json={"events": events})
        ledger.events = [str(event["id"]) for event in events]
        self._ask("DELETE", f"/v1/images/{sent[1].image_id}")
        self._ask("DELETE", f"/v1/items/{skus[2]}")
        ledger.kept += [sent[0], *sent[3:]]
        ledger.removed += [sent[1], sent[2]]
        for old in self._older:
            self._ask("DELETE", f"/v1/images/{old.image_id}")

    def _put(self, sku: str, price: int) -> None:
        self._ask("PUT", f"/v1/items/{sku}", json={"title": "A ring", "price": price, "currency": "EUR"})

    def _upload(self, sku: str, picture: bytes) -> Sent:
        answer = self._ask("POST", f"/v1/items/{sku}/images", files={"file": ("a.jpg", picture, "image/jpeg")})
        return Sent(str(answer.json()["image_id"]), sku, picture)

    def _ask(self, method: str, path: str, **body: Any) -> httpx.Response:
        """Sent with one `Idempotency-Key` until it is answered by what it is answered in peace."""
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        deadline = time.monotonic() + ANSWERED_SECONDS
        told = "nothing"
        again = threading.Event()
        while time.monotonic() < deadline:
            try:
                answer = self._stand.http.request(method, path, headers=headers, **body)
            except httpx.TransportError as error:
                told = repr(error)
            else:
                repeated = method == "DELETE" and answer.status_code == httpx.codes.NOT_FOUND
                if answer.is_success or repeated:
                    self.answered += 1
                    return answer
                told = f"{answer.status_code} {answer.text[:500]}"
                still_in_work = answer.status_code == httpx.codes.CONFLICT and "Retry-After" in answer.headers
                if answer.status_code not in _MAY_BE_SENT_AGAIN and not still_in_work:
                    self.ledger.odd.append(f"{method} {path}: {told}")
            again.wait(_AGAIN_SECONDS)
        raise AssertionError(f"{method} {path} was not answered in {ANSWERED_SECONDS} s; at last: {told}")


def _killing(number: int) -> bytes:
    picture = Image.open(io.BytesIO(drawing(number, KILLING_SIDE)))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()
