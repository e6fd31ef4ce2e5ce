"""A small client of the gateway's HTTP API, as the command line uses it."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from shared.contracts.api import (
    Image,
    ImagesSent,
    Item,
    ItemPage,
    ItemPut,
    ItemsIn,
    Problem,
    Readiness,
    ReconcileReport,
    Status,
)
from shared.contracts.fields import MAX_LIMIT
from shared.contracts.imports import Import, ImportAccepted, ImportRow, ImportRowPage
from shared.contracts.internal import Context
from shared.contracts.models import ReindexStatus
from shared.contracts.search import SearchQuery, SearchResults, Suggestions
from shared.contracts.training import TrainingPage
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

    def start_import(self, file: Path, *, dry_run: bool = False) -> str:
        """Have a file imported; the id of the import. The file is streamed."""
        with file.open("rb") as opened:
            files = {"file": (file.name, opened, "application/octet-stream")}
            data = {"dry_run": "true"} if dry_run else {}
            return ImportAccepted.model_validate(self._json("POST", "/v1/imports", files=files, data=data)).import_id

    def import_status(self, import_id: str) -> Import:
        return Import.model_validate(self._json("GET", f"/v1/imports/{import_id}"))

    def import_rows(self, import_id: str, *, troubled: bool = False) -> Iterator[ImportRow]:
        """What became of each row, or of those with a reason to tell."""
        cursor: str | None = None
        while True:
            params = {"troubled": str(troubled).lower(), "limit": "100"} | ({"cursor": cursor} if cursor else {})
            page = ImportRowPage.model_validate(self._json("GET", f"/v1/imports/{import_id}/rows", params=params))
            yield from page.rows
            cursor = page.next_cursor
            if not cursor:
                return

    def items(self) -> Iterator[Item]:
        """All items, in order of SKU."""
        cursor: str | None = None
        while True:
            params = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
            page = ItemPage.model_validate(self._json("GET", "/v1/items", params=params))
            yield from page.items
            cursor = page.next_cursor
            if not cursor:
                return

    def add_images(self, pictures: Sequence[tuple[str, Path]]) -> list[str | LoupeError]:
        """Upload up to `MAX_BATCH_PICTURES` pictures, each of an item; the image id of each, or why it was refused."""
        files: list[tuple[str, Any]] = [("skus", (None, json.dumps([sku for sku, _ in pictures]), "application/json"))]
        for _, picture in pictures:
            kind = mimetypes.guess_type(picture.name)[0] or "application/octet-stream"
            files.append(("file", (picture.name, picture.read_bytes(), kind)))
        sent = ImagesSent.model_validate(self._json("POST", "/v1/images:batch", files=files))
        return [image.image_id or _told(image.problem or _UNSAID) for image in sent.images]

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

    def search(self, picture: Path | None, query: SearchQuery) -> SearchResults:
        said = query.model_dump_json(exclude_defaults=True)
        if picture is None:
            return SearchResults.model_validate(self._json("POST", "/v1/search", content=said, headers=_JSON))
        files = {
            "image": (picture.name, picture.read_bytes(), "application/octet-stream"),
            "query": (None, said, "application/json"),
        }
        return SearchResults.model_validate(self._json("POST", "/v1/search", files=files))

    def suggestions(self, user: str, limit: int, context: Context = "home", skus: Sequence[str] = ()) -> Suggestions:
        """What a page shows to the user; `skus` are what an item's or a cart's page shows beside."""
        path = f"/v1/users/{quote(user, safe='')}/suggestions"
        params = {"limit": limit, "context": context, "sku": list(skus)}
        return Suggestions.model_validate(self._json("GET", path, params=params))

    def status(self) -> Status:
        return Status.model_validate(self._json("GET", "/v1/status"))

    def reconcile(self) -> ReconcileReport:
        """Have the shop's stores compared, unless that is going on."""
        return ReconcileReport.model_validate(self._json("POST", "/v1/admin/reconcile"))

    def reconcile_report(self) -> ReconcileReport:
        return ReconcileReport.model_validate(self._json("GET", "/v1/admin/reconcile"))

    def reindex(self, step: Literal["start", "switch", "abort"] | None = None, **body: Any) -> ReindexStatus:
        """Where the reindex is, after a step of it where one is given; `start` takes the fields of `ReindexIn`."""
        if step is None:
            return ReindexStatus.model_validate(self._json("GET", "/v1/admin/reindex"))
        path = "/v1/admin/reindex" if step == "start" else f"/v1/admin/reindex/{step}"
        return ReindexStatus.model_validate(self._json("POST", path, json=body or None))

    def training(self, model: str) -> Iterator[TrainingPage]:
        """All pages of what the catalogue has to learn from, as this model sees it."""
        cursor: str | None = None
        while True:
            params = {"model": model, "limit": str(MAX_LIMIT)} | ({"cursor": cursor} if cursor else {})
            page = TrainingPage.model_validate(self._json("GET", "/v1/admin/training", params=params))
            yield page
            cursor = page.next_cursor
            if not cursor:
                return

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
_UNSAID = Problem(title="The picture was refused", status=422, detail="without saying why.")


def _error(response: httpx.Response) -> LoupeError:
    try:
        error = _told(Problem.model_validate(response.json()))
    except (json.JSONDecodeError, ValidationError):
        words = f"{response.request.method} {response.request.url.path} answered {response.status_code}"
        error = _told(Problem(title=words, status=response.status_code, detail="without saying why."))
    error.headers = {"Retry-After": response.headers.get("retry-after", "")}
    return error


def _told(problem: Problem) -> LoupeError:
    words = f"{problem.title}: {problem.detail}"
    if problem.status in (429, 502, 503, 504):
        return Retryable(words)
    error = Permanent(words)
    error.status = problem.status
    return error
