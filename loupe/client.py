"""A small client of the gateway's HTTP API, as the command line uses it."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from shared.contracts.api import Image, ItemPut, ItemsIn, Problem, Readiness, Results, SearchQuery, Status, Suggestions
from shared.errors import LoupeError, Permanent, Retryable


class Client:
    """One shop's view of a gateway. Raises `Retryable` or `Permanent` with the words of the problem document."""

    def __init__(self, address: str, key: str) -> None:
        self._http = httpx.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {key}"},
            timeout=60,
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=32),
        )
        self.address = address

    def put_items(self, items: Sequence[ItemPut]) -> None:
        """Make or replace up to `MAX_ITEMS` items, all or none."""
        self._json("POST", "/v1/items:batch", content=ItemsIn(items=list(items)).model_dump_json(), headers=_JSON)

    def add_image(self, sku: str, picture: Path) -> str:
        """Upload a picture of an item; the image id."""
        kind = mimetypes.guess_type(picture.name)[0] or "application/octet-stream"
        files = {"file": (picture.name, picture.read_bytes(), kind)}
        accepted = self._json("POST", f"/v1/items/{quote(sku)}/images", files=files)
        return str(accepted["image_id"])

    def image(self, image_id: str) -> Image:
        return Image.model_validate(self._json("GET", f"/v1/images/{image_id}"))

    def rejected(self) -> Iterator[Image]:
        """All rejected pictures, with their reasons."""
        cursor: str | None = None
        while True:
            params = {"state": "rejected", "limit": "100"} | ({"cursor": cursor} if cursor else {})
            page = self._json("GET", "/v1/images", params=params)
            yield from (Image.model_validate(image) for image in page["images"])
            cursor = page.get("next_cursor")
            if not cursor:
                return

    def search(self, picture: Path, query: SearchQuery) -> Results:
        files = {
            "image": (picture.name, picture.read_bytes(), "application/octet-stream"),
            "query": (None, query.model_dump_json(exclude_defaults=True), "application/json"),
        }
        return Results.model_validate(self._json("POST", "/v1/search", files=files))

    def suggestions(self, user: str, limit: int) -> Suggestions:
        path = f"/v1/users/{quote(user, safe='')}/suggestions"
        return Suggestions.model_validate(self._json("GET", path, params={"limit": limit}))

    def status(self) -> Status:
        return Status.model_validate(self._json("GET", "/v1/status"))

    def readiness(self) -> Readiness:
        """What `/readyz` says, ready or not. Raises `Retryable` when nothing answers."""
        return Readiness.model_validate(self._send("GET", "/readyz").json())

    def _json(self, method: str, path: str, **request: Any) -> Any:
        response = self._send(method, path, **request)
        if response.is_success:
            return response.json() if response.content else None
        raise _error(response)

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **request)
        except httpx.TransportError as error:
            raise Retryable(
                f"Nothing answers at {self.address} ({type(error).__name__}). Start Loupe with `make run`, "
                "or set LOUPE_URL to where it runs."
            ) from error

    def close(self) -> None:
        self._http.close()


_JSON = {"Content-Type": "application/json"}


def _error(response: httpx.Response) -> LoupeError:
    try:
        problem = Problem.model_validate(response.json())
        words = f"{problem.title}: {problem.detail}"
    except (json.JSONDecodeError, ValidationError):
        words = f"{response.request.method} {response.request.url.path} answered {response.status_code}"
    if response.status_code in (429, 502, 503, 504):
        return Retryable(words)
    error = Permanent(words)
    error.status = response.status_code
    return error
