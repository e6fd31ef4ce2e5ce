"""`Idempotency-Key`: a request that is sent again, because its answer was lost, has its effect once.

The key is looked up when the body has come in, and before any route acts on it: a body of JSON is read here, a form's
bytes are hashed while its route reads them. The answer is kept before it is sent.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from typing import Any

import structlog
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway import metrics
from services.gateway.access import BEARER, Parts, admitted, needed_scopes
from services.gateway.auth import Caller
from services.gateway.kept_answers import Answer
from shared.errors import Conflict, InvalidInput, LoupeError, Retryable
from shared.observability.http import of_body, respond

KEY = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEY_PATTERN = r"^[!-~]([ -~]{0,253}[!-~])?$"
_ONLY_READING = {"/v1/search", "/v1/classify", "/v1/suggestions:batch"}
_OF_THE_CALLER = {401, 403, 429}
_KEPT_HEADERS = {"content-type", "location", "etag"}
_MAX_KEPT = 1_000_000
_log = structlog.get_logger(__name__)


def applies(method: str, path: str) -> bool:
    """Whether the request changes something that sending it again could change twice."""
    return method in ("POST", "PATCH") and path.startswith("/v1/") and path not in _ONLY_READING


class Idempotency:
    """Answers a repeat with what was answered before. Failures of ours (5xx) and of the caller's key are not kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not applies(scope["method"], scope["path"]) or KEY not in Headers(scope=scope):
            await self._app(scope, receive, send)
            return
        if not _has_route(scope):  # that is told, whatever the key
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            parts: Parts = request.app.state.parts
            caller = await admitted(request, parts, await BEARER(request))
            once = _Once(request, parts, caller, _key_of(request), send)
            hashed = _BodyHash(request.headers.get("content-type"))
            take = once.watching(receive, hashed) if hashed.is_form else await once.read_whole(receive, hashed)
        except LoupeError as error:
            await respond(request, error)(scope, receive, send)
            return
        await once.run(self._app, take)


class _Once:
    """One request. `instead` is what is answered in place of whatever the route says."""

    def __init__(self, request: Request, parts: Parts, caller: Caller, key: str, send: Send) -> None:
        self._request = request
        self._answers = parts.answers
        self._caller = caller
        self._key = key
        self._send = send
        self._owner: str | None = None
        self._instead: Response | None = None
        self._start: Message = {}
        self._body = b""

    async def read_whole(self, receive: Receive, hashed: _BodyHash) -> Receive:
        """Read the body, which is short, and begin; gives it to the route."""
        messages: list[Message] = []
        try:
            while not messages or messages[-1].get("more_body", False):
                messages.append(await receive())
                hashed.update(messages[-1].get("body", b""))
        except HTTPException as error:
            if told := of_body(error):
                raise told from error
            raise
        if messages[-1]["type"] == "http.request":
            await self._begin(hashed)

        async def given() -> Message:
            return messages.pop(0) if messages else await receive()

        return given

    def watching(self, receive: Receive, hashed: _BodyHash) -> Receive:
        """Hash the body while the route reads it, and begin at its end."""

        async def watched() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                hashed.update(message.get("body", b""))
                if not message.get("more_body", False):
                    try:
                        await self._begin(hashed)
                    except LoupeError as error:
                        self._instead = respond(self._request, error)
                    if self._instead is not None:
                        raise HTTPException(409)  # for the route to stop; nobody sees it
            return message

        return watched

    async def run(self, app: ASGIApp, receive: Receive) -> None:
        scope = self._request.scope
        try:
            if self._instead is None:
                await app(scope, receive, self._take)
        except Exception:
            await self._settle(None)
            raise
        if self._instead is not None:
            await self._instead(scope, receive, self._send)

    async def _begin(self, hashed: _BodyHash) -> None:
        url = self._request.url
        said = "\0".join((self._request.method, url.path, url.query, hashed.hexdigest()))
        fingerprint = hashlib.sha256(said.encode()).hexdigest()
        found = await asyncio.to_thread(self._answers.begin, self._caller.tenant, self._key, fingerprint)
        if isinstance(found, str):
            self._owner = found
        elif set(found.scopes) <= self._caller.scopes:  # else the route refuses the caller in its own words
            self._instead = _again(found)

    async def _take(self, message: Message) -> None:
        """Hold the answer back until it is kept; one that cannot be kept goes on as it comes."""
        if self._instead is not None:
            return
        if self._owner is None:
            await self._send(message)
        elif message["type"] == "http.response.start":
            self._start = message
        else:
            self._body += message.get("body", b"")
            whole = not message.get("more_body", False)
            if whole or len(self._body) > _MAX_KEPT:
                await self._settle(self._answer() if whole else None)
                await self._send(self._start)
                await self._send({**message, "body": self._body})

    def _answer(self) -> Answer | None:
        status = self._start["status"]
        if status >= 500 or status in _OF_THE_CALLER or len(self._body) > _MAX_KEPT:
            return None
        headers = Headers(raw=self._start["headers"])
        kept = {name: value for name, value in headers.items() if name in _KEPT_HEADERS}
        secret = "no-store" in headers.get("cache-control", "")
        return Answer(status, kept, None if secret else self._body, needed_scopes(self._request))

    async def _settle(self, answer: Answer | None) -> None:
        if self._owner is None:
            return
        of = (self._caller.tenant, self._key, self._owner)
        self._owner = None
        try:
            if answer is None:
                await asyncio.to_thread(self._answers.release, *of)
            else:
                await asyncio.to_thread(self._answers.finish, *of, answer)
        except Retryable as error:  # what was done is done, and is told
            _log.warning("answer_not_kept", detail=error.detail)


class _BodyHash:
    """SHA-256 of a body, whatever its chunks; of a form without its boundary, which clients draw anew each time."""

    def __init__(self, content_type: str | None) -> None:
        kind, options = parse_options_header(content_type)
        self.is_form = kind == b"multipart/form-data"
        self._boundary = options.get(b"boundary", b"") if self.is_form else b""
        self._tail = b""
        self._hash = hashlib.sha256()

    def update(self, chunk: bytes) -> None:
        if not self._boundary:
            self._hash.update(chunk)
            return
        *before, last = (self._tail + chunk).split(self._boundary)
        for part in before:
            self._hash.update(part)
            self._hash.update(b"\0boundary\0")
        kept = max(0, len(last) - len(self._boundary) + 1)  # what is after it may be the start of a boundary
        self._hash.update(last[:kept])
        self._tail = last[kept:]

    def hexdigest(self) -> str:
        return hashlib.sha256(self._hash.digest() + self._tail).hexdigest()


def _has_route(scope: Scope) -> bool:
    return any(route.matches(dict(scope))[0] is Match.FULL for route in scope["app"].routes)


def _key_of(request: Request) -> str:
    key = request.headers[KEY]
    if not re.fullmatch(KEY_PATTERN, key):
        told = "needs 1 to 255 printable characters of ASCII, for example a UUID"
        raise InvalidInput(f"{KEY}: {told}.", errors=[{"path": f"header.{KEY}", "message": told}])
    return key


def _again(found: Answer) -> Response:
    metrics.REPLAYED.inc()
    if found.body is None:
        raise Conflict(
            "A request with this Idempotency-Key was done. Its answer held a secret, which Loupe tells once and does "
            "not keep: if it did not reach you, take back what was made, and make another with a new key."
        )
    return Response(found.body, found.status, {**found.headers, REPLAYED: "true"})


def key_parameter() -> dict[str, Any]:
    """The OpenAPI entry of the header."""
    return {
        "name": KEY,
        "in": "header",
        "required": False,
        "description": (
            "Yours, a new one for each request: the same again within 24 hours, with the same body, is answered as "
            "before and does nothing; with another body it is 409."
        ),
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": KEY_PATTERN},
    }
