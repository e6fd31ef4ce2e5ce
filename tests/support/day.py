"""A day of a shop in a minute: some of everything that a board shows, through the API of a running stack."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from tests.support.pictures import drawing
from tests.support.stack import RunningStack
from tests.support.waiting import until

_EXPERIMENT = {
    "name": "board",
    "variants": {"by-hand": {"share": 0.5, "policy": "plain"}, "learned": {"share": 0.5, "policy": "learned"}},
}
_PHOTOS = Path(__file__).parents[1] / "fixtures" / "query_photos"
_PIECE = "NECK-PAPERCLIP-09"
"""Of the sample catalogue; a photo of it is among the fixtures."""


@contextmanager
def open_shop(stack: RunningStack) -> Iterator[httpx.Client]:
    """A shop that hears of everything, compares rankings and pictures, and has registered a piece; the API to it."""
    with stack.api as api:
        api.post("/v1/webhooks", json={"url": "https://nobody.invalid/", "types": ["*"]}).raise_for_status()
        api.put("/v1/experiment", json=_EXPERIMENT).raise_for_status()
        api.put("/v1/lookalikes/consent", json={"consents": True}).raise_for_status()
        api.post("/v1/admin/reconcile").raise_for_status()
        record = {"kind": "piece", "title": "Paperclip necklace", "sku": _PIECE}
        front = next(Path("deploy/local/sample/pictures").glob(f"{_PIECE}-1.jpg")).read_bytes()
        reference = _send_photo(api, "/v1/references", front, record=json.dumps(record), views=json.dumps(["front"]))
        reference_id = reference["reference_id"]
        try:
            yield api
        finally:
            api.delete("/v1/experiment")
            api.put("/v1/lookalikes/consent", json={"consents": False})
            api.delete(f"/v1/references/{reference_id}")


def verify(api: httpx.Client) -> None:
    photo = (_PHOTOS / f"{_PIECE}.jpg").read_bytes()
    _send_photo(api, "/v1/verify", photo, query=json.dumps({"sku": _PIECE}))


def work(api: httpx.Client, number: int) -> None:
    """Pictures, good and bad; searches, suggestions, clicks on them; stock; a question for what is not there."""
    sku = f"BOARD-{uuid4().hex[:8]}"
    api.put(f"/v1/items/{sku}", json={"title": "For the board", "stock": 3}).raise_for_status()
    for data in (drawing(9000 + number), drawing(9000 + number)[:3000]):
        accepted = api.post(f"/v1/items/{sku}/images", files={"file": ("p.jpg", data, "image/jpeg")})
        until(_has_outcome(api, accepted.raise_for_status().json()["status_url"]), "the picture has an outcome")
    for _ in range(2):
        _send_photo(api, "/v1/search", drawing(number))
    for photo in sorted(_PHOTOS.glob("*-*-*.jpg"))[:3]:
        _send_photo(api, "/v1/search", photo.read_bytes())
    _tell(api, type="clicked", user_id="board", sku=sku, position=number % 5)
    for user in range(4):
        name = f"board-{number}-{user}"
        shown = api.get(f"/v1/users/{name}/suggestions").raise_for_status().json()
        _tell(api, type="clicked", user_id=name, sku=shown["suggestions"][0]["sku"], search_id=shown["search_id"])
    sold = {"id": uuid4().hex, "sku": sku, "kind": "sold", "quantity": 1, "occurred_at": _now()}
    api.post("/v1/inventory/movements", json={"movements": [sold, sold]}).raise_for_status()
    assert api.get("/v1/items/NOT-THERE").status_code == 404
    api.delete(f"/v1/items/{sku}").raise_for_status()


def _send_photo(api: httpx.Client, path: str, photo: bytes, **data: str) -> Any:
    """The answer; as clients do, a busy machine is asked again."""
    answers: list[httpx.Response] = []

    def answered() -> bool:
        answers.append(api.post(path, files={"image": ("photo.jpg", photo, "image/jpeg")}, data=data))
        return answers[-1].status_code != 503

    until(answered, f"{path} has a moment", 120)
    return answers[-1].raise_for_status().json()


def _has_outcome(api: httpx.Client, status_url: str) -> Callable[[], bool]:
    return lambda: api.get(status_url).json()["state"] in ("indexed", "rejected")


def _tell(api: httpx.Client, **said: Any) -> None:
    event: Mapping[str, Any] = {"id": uuid4().hex, "at": _now(), **said}
    api.post("/v1/events", json={"events": [event]}).raise_for_status()


def _now() -> str:
    return datetime.now(UTC).isoformat()
