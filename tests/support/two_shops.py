"""Two shops of one stack with the same SKUs, and all that one of them can see."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from tests.support.pictures import drawing
from tests.support.stack import RunningStack
from tests.support.waiting import until

SCOPES = ("read", "write", "events", "admin")
BOTH = ("RING-1", "RING-2", "RING-3", "GONE-1", "GONE-2")
SHARED_PHOTO = drawing(999)
"""The only picture that both shops have, of the same SKU."""
SHOPPER = "anna"
_MOVING = {"last_used_at", "queues", "outbox"}
_NAMES = {"search_id", "next_cursor"}


@dataclass
class Shop:
    """`word` is in all that the shop says of its items and in nothing else; `ids` names what is its own. `partner`: of
    a third shop that has `SHARED_PHOTO`, too."""

    name: str
    word: str
    seed: int
    api: httpx.Client
    images: dict[str, list[str]] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    partner: httpx.Client | None = None

    @property
    def only(self) -> str:
        """An item that the other shop does not have."""
        return f"ONLY-{self.word.upper()}"

    @property
    def marks(self) -> set[str]:
        """What the other shop must never read."""
        return {self.name, self.word, self.only, *(i for ids in self.images.values() for i in ids), *self.keys}

    def photo(self, sku: str) -> bytes:
        return drawing(self.seed + [*BOTH, self.only].index(sku))

    def item(self, sku: str, /, **more: Any) -> dict[str, Any]:
        price = 100.0 + self.seed
        return {"title": f"{self.word} {sku}", "price": price, "currency": "EUR", "tags": [self.word]} | more

    def upload(self, sku: str, photo: bytes) -> str:
        answer = self.api.post(f"/v1/items/{sku}/images", files={"file": ("p.jpg", photo, "image/jpeg")})
        assert answer.status_code == 202, answer.text
        image_id = str(answer.json()["image_id"])
        if image_id not in self.images.setdefault(sku, []):
            self.images[sku].append(image_id)
        return image_id

    def settle(self) -> None:
        """Wait until every picture is indexed and no message has its outcome open."""

        def settled() -> bool:
            status = self.api.get("/v1/status").json()
            return (status["outbox"], status["images"]["stored"], status["images"]["rejected"]) == (0, 0, 0)

        until(settled, f"all of {self.name} is indexed", 60)

    def tell(self, event_id: str, sku: str, kind: str = "clicked", user: str = SHOPPER) -> httpx.Response:
        at = datetime.now(UTC).isoformat()
        event = {"id": event_id, "type": kind, "user_id": user, "sku": sku, "at": at}
        return self.api.post("/v1/events", json={"events": [event]})

    def search(self, photo: bytes, **query: Any) -> httpx.Response:
        return self.api.post("/v1/search", files={"image": ("p.jpg", photo)}, data={"query": json.dumps(query)})

    def world(self) -> dict[str, Any]:
        """All that this shop's key can see; the same as long as nobody changes anything of it."""
        items = self.api.get("/v1/items", params={"limit": 100}).json()
        images = self.api.get("/v1/images", params={"limit": 100}).json()
        suggestions = self.api.get(f"/v1/users/{SHOPPER}/suggestions").json()
        for hit in suggestions["suggestions"]:
            del hit["score"]
        seen = {"suggestions": suggestions} | {
            path: self.api.get(path).json()
            for path in ("/v1/status", "/v1/usage", "/v1/admin/keys", "/v1/imports", "/v1/experiment")
        }
        hooks = self.api.get("/v1/webhooks").json()["webhooks"]
        seen["webhooks"] = [[hook["webhook_id"], hook["description"], hook["enabled"]] for hook in hooks]
        for item in items["items"]:
            path = f"/v1/items/{item['sku']}/similar"
            seen[path] = self.api.get(path).json()
            if item["sku"] in (*BOTH, self.only):
                seen[f"search {item['sku']}"] = self.search(self.photo(item["sku"])).json()
        for image in images["images"]:
            seen[image["status_url"]] = self.api.get(image["status_url"]).json()
            seen[f"{image['image_id']} bytes"] = self.api.get(f"{image['status_url']}/content").content
        return {"items": _still(items), "images": _still(images), **{path: _still(body) for path, body in seen.items()}}


def _still(body: Any) -> Any:
    """Without what moves by itself: signatures, times of last use, what waits to be sent, as looking itself is noted
    there; that a search has a name, not which. The scores of suggestions, which fade as events and pieces age, are
    taken off before."""
    if isinstance(body, Mapping):
        kept = {key: value for key, value in body.items() if key not in _MOVING}
        urls = {key: value.partition("?")[0] for key, value in kept.items() if key == "image_url"}
        names = {key: value is not None for key, value in kept.items() if key in _NAMES}
        return {key: _still(value) for key, value in kept.items()} | urls | names
    return [_still(entry) for entry in body] if isinstance(body, list) else body


def open_shop(stack: RunningStack, word: str, seed: int) -> Shop:
    """A new shop with a key of all scopes, the items of `BOTH` and one of its own, a picture each and one shopper."""
    name = f"shop-{word}"
    assert stack.loupe("tenant", "add", name).returncode == 0
    scopes = [part for scope in SCOPES for part in ("--scope", scope)]
    made = stack.loupe("key", "add", name, *scopes, "--name", f"{word} key")
    assert made.returncode == 0, made.stderr
    header = {"Authorization": f"Bearer {made.stdout.strip()}"}
    idle = httpx.Limits(keepalive_expiry=3)  # less than the gateway's, so none is used that it is closing
    shop = Shop(name, word, seed, httpx.Client(base_url=stack.address, headers=header, timeout=30, limits=idle))
    skus = [*BOTH, shop.only]
    answer = shop.api.post("/v1/items:batch", json={"items": [shop.item(sku, sku=sku) for sku in skus]})
    assert answer.status_code == 200, answer.text
    for sku in skus:
        shop.upload(sku, shop.photo(sku))
    shop.upload("RING-3", SHARED_PHOTO)
    shop.keys = [key["key_id"] for key in shop.api.get("/v1/admin/keys").json()["keys"]]
    shop.settle()
    return shop
