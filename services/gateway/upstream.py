"""The two services that the gateway asks while a shopper waits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlencode

import aiohttp
import httpx
from pydantic import BaseModel, RootModel, ValidationError

from shared.contracts.analysis import Box
from shared.contracts.api import Problem
from shared.contracts.catalogue_map import Gaps, PaletteRequest
from shared.contracts.internal import (
    Analyses,
    CompletesRequest,
    ExperimentOf,
    HitList,
    HitLists,
    SearchRequest,
    SimilarRequest,
    SuggestBatchRequest,
    SuggestRequest,
    TrayAnalyses,
    ValueCounts,
    VocabularyRequest,
)
from shared.contracts.kept import KeptOf, KeptPage, ShopperNames
from shared.contracts.models import Models, ReindexStart, ReindexStatus
from shared.contracts.references import ReferencesKept
from shared.contracts.text import TextVectors
from shared.errors import LoupeError, Retryable
from shared.fence import Outsider, credentials
from shared.observability import logs, traces
from shared.observability.http import REQUEST_ID

_M = TypeVar("_M", bound=BaseModel)
_JSON = {"Content-Type": "application/json"}
_BYTES = {"Content-Type": "application/octet-stream"}
_TIMEOUT = aiohttp.ClientTimeout(total=20, sock_connect=2)
_CONNECTIONS = 100
_TRIES = 2
"""Of a connection: a service that starts again is away for a moment."""
_IDLE_SECONDS = 2.0  # shorter than uvicorn keeps a connection, so that none is used that it is closing


class Upstream:
    """One service by its URL. A problem that it tells is raised with its words and status; silence is `Retryable`.

    It is shown the internal secret (see `Fence`); that it wants another one is ours to mend, not the caller's.

    By aiohttp: of a search, two requests by httpx took a third of the CPU.
    """

    def __init__(self, name: str, url: str, secrets: str | None = None) -> None:
        self._name = name
        self._url = url.rstrip("/")
        self._credentials = credentials(secrets)
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def get(self, path: str, answer: type[_M]) -> _M:
        return await self._ask("GET", path, b"", {}, answer)

    async def post(self, path: str, content: bytes, headers: Mapping[str, str], answer: type[_M]) -> _M:
        return await self._ask("POST", path, content, headers, answer)

    async def _ask(self, method: str, path: str, content: bytes, headers: Mapping[str, str], answer: type[_M]) -> _M:
        return answer.model_validate_json(await self._fetch(method, path, content, headers))

    async def _fetch(self, method: str, path: str, content: bytes, headers: Mapping[str, str]) -> bytes:
        with traces.span(f"{method} {self._name}", kind="CLIENT"):
            return await self._asked(method, path, content, headers)

    async def _asked(self, method: str, path: str, content: bytes, headers: Mapping[str, str]) -> bytes:
        headers = {**headers, **self._credentials, **traces.headers(), REQUEST_ID: logs.correlation_id()}
        for left in reversed(range(_TRIES)):
            try:
                async with self._opened().request(method, self._url + path, data=content, headers=headers) as response:
                    body = await response.read()
                break
            except aiohttp.ClientConnectorError as error:
                if not left:
                    raise self._silent(error) from error
            except (aiohttp.ClientError, TimeoutError) as error:
                raise self._silent(error) from error
        if not response.ok:
            raise self._refusal(response.status, body)
        return body

    def ping(self) -> None:
        """Return when the service answers, else raise `Retryable`."""
        try:
            answer = httpx.get(f"{self._url}/healthz", headers=self._credentials, timeout=2)
        except httpx.HTTPError as error:
            raise self._silent(error) from error
        if not answer.is_success:
            raise self._refusal(answer.status_code, answer.content)

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        """A session is of one event loop, and an app may be run by one after another."""
        loop = asyncio.get_running_loop()
        if self._session is None or self._session.closed or self._loop is not loop:
            self._loop = loop
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_CONNECTIONS, keepalive_timeout=_IDLE_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=_TIMEOUT,
            )
        return self._session

    def _silent(self, error: Exception) -> Retryable:
        return Retryable(
            f"The {self._name} does not answer ({type(error).__name__}). It may be starting: try again in a few "
            "seconds. If this stays, `loupe doctor` says more."
        )

    def _refusal(self, status: int, body: bytes) -> LoupeError:
        if status == Outsider.status:
            return Retryable(
                f"The {self._name} refuses the gateway's internal secret. Set one INTERNAL_SECRET for all services."
            )
        try:
            problem = Problem.model_validate_json(body)
        except ValidationError:
            return Retryable(f"The {self._name} answered {status} without saying why. Try again.")
        error = LoupeError(problem.detail, errors=[entry.model_dump() for entry in problem.errors or ()])
        error.status, error.title, error.code = problem.status, problem.title, problem.type.rpartition(":")[2]
        return error


class _Texts(RootModel[list[TextVectors]]):
    pass


class Embedder(Upstream):
    async def analyse(self, picture: bytes, box: Box | None = None, *, mirror: bool = False) -> Analyses:
        """Of the picture, or of its mirror image; with a box, of what is in it."""
        asked = ({"box": box.model_dump_json()} if box else {}) | ({"mirror": "true"} if mirror else {})
        query = f"?{urlencode(asked)}" if asked else ""
        return await self.post(f"/analyse{query}", picture, _BYTES, Analyses)

    async def analyse_tray(self, photo: bytes) -> TrayAnalyses:
        """Of the photo of a tray with many small pieces."""
        return await self.post("/analyse-tray", photo, _BYTES, TrayAnalyses)

    async def without_faces(self, picture: bytes) -> bytes:
        """The picture as it may be kept: a JPEG without metadata in which nobody is known by the face."""
        return await self._fetch("POST", "/without-faces", picture, _BYTES)

    async def cut_out(self, picture: bytes) -> bytes:
        """The picture's main piece as a PNG with alpha; `NotFound` where none is found in it."""
        return await self._fetch("POST", "/cutout", picture, _BYTES)

    async def smaller(self, picture: bytes, width: int) -> bytes:
        """The picture as a WebP of up to `width` pixels across."""
        return await self._fetch("POST", f"/smaller?width={width}", picture, _BYTES)

    async def analyse_text(self, texts: Sequence[str]) -> list[TextVectors]:
        """One a text, in their order."""
        content = json.dumps({"texts": list(texts)}).encode()
        return (await self.post("/analyse-text", content, _JSON, _Texts)).root

    async def models(self) -> Models:
        return await self.get("/models", Models)


class Recommender(Upstream):
    async def search(self, request: SearchRequest) -> HitList:
        return await self._hits("/search", request)

    async def similar(self, request: SimilarRequest) -> HitList:
        return await self._hits("/similar", request)

    async def completes(self, request: CompletesRequest) -> HitList:
        return await self._hits("/completes", request)

    async def suggest(self, request: SuggestRequest) -> HitList:
        return await self._hits("/suggest", request)

    async def vocabulary(self, request: VocabularyRequest) -> ValueCounts:
        return await self.post("/vocabulary", request.model_dump_json().encode(), _JSON, ValueCounts)

    async def suggest_batch(self, request: SuggestBatchRequest) -> HitLists:
        """One list a user, in the order of the request."""
        return await self.post("/suggest-batch", request.model_dump_json().encode(), _JSON, HitLists)

    async def experiment(self, tenant: str) -> ExperimentOf:
        return await self.get(f"/experiment?{urlencode({'tenant': tenant})}", ExperimentOf)

    async def put_experiment(self, experiment: ExperimentOf) -> ExperimentOf:
        """Run it in place of the one that runs, or, where it is none, stop that."""
        return await self._ask("PUT", "/experiment", experiment.model_dump_json().encode(), _JSON, ExperimentOf)

    async def map(self, tenant: str) -> bytes:
        """A `CatalogueMap` as JSON: of 50,000 items it is megabytes, which nobody here reads."""
        return await self._fetch("GET", f"/map?{urlencode({'tenant': tenant})}", b"", {})

    async def gaps(self, tenant: str) -> Gaps:
        return await self.get(f"/map/gaps?{urlencode({'tenant': tenant})}", Gaps)

    async def palette(self, request: PaletteRequest) -> HitList:
        return await self._hits("/palette", request)

    async def kept(self, request: KeptOf) -> KeptPage:
        return await self.post("/kept", request.model_dump_json().encode(), _JSON, KeptPage)

    async def shoppers(self, tenant: str, after: str = "") -> ShopperNames:
        """Of whom anything is kept, some at a time."""
        return await self.get(f"/shoppers?{urlencode({'tenant': tenant, 'after': after})}", ShopperNames)

    async def _hits(self, path: str, request: BaseModel) -> HitList:
        return await self.post(path, request.model_dump_json().encode(), _JSON, HitList)


class Indexer(Upstream):
    async def reindex(self) -> ReindexStatus:
        return await self.get("/reindex", ReindexStatus)

    async def start_reindex(self, asked: ReindexStart) -> ReindexStatus:
        return await self.post("/reindex", asked.model_dump_json().encode(), _JSON, ReindexStatus)

    async def switch(self) -> ReindexStatus:
        return await self.post("/reindex/switch", b"", _JSON, ReindexStatus)

    async def abort(self) -> ReindexStatus:
        return await self.post("/reindex/abort", b"", _JSON, ReindexStatus)


class Inventory(Upstream):
    """Keeps the ledger. What it answers is passed on as it is."""

    async def ask(self, path: str, answer: type[_M], **asked: str | int | None) -> _M:
        """`path` with what is not None of `asked` as its query."""
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return await self.get(f"{path}?{query}", answer)


class Authenticity(Inventory):
    """Keeps references and compares with them; asked as the inventory is."""

    async def send(self, method: str, path: str, tenant: str, answer: type[_M], body: BaseModel | None = None) -> _M:
        """For a tenant, with a body or none."""
        content = body.model_dump_json().encode() if body else b""
        return await self._ask(method, f"{path}?{urlencode({'tenant': tenant})}", content, _JSON, answer)

    async def fetch(self, path: str, **asked: str) -> bytes:
        """The bytes of a file."""
        return await self._fetch("GET", f"{path}?{urlencode(asked)}", b"", {})

    def kept(self, tenant: str) -> ReferencesKept:
        """Asked in a thread. Raises `Retryable` where it does not answer."""
        url = f"{self._url}/references-kept"
        try:
            answer = httpx.get(url, params={"tenant": tenant}, headers=self._credentials, timeout=10)
        except httpx.HTTPError as error:
            raise self._silent(error) from error
        if not answer.is_success:
            raise self._refusal(answer.status_code, answer.content)
        return ReferencesKept.model_validate_json(answer.content)

    async def erase(self, path: str, tenant: str) -> None:
        await self._fetch("DELETE", f"{path}?{urlencode({'tenant': tenant})}", b"", {})
