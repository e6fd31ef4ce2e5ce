"""The frame of every HTTP app: correlation id, metrics, problem documents, health."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client.registry import Collector
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.contracts.api import FieldError, Problem, Readiness
from shared.contracts.usage import QuotaTold
from shared.errors import BadRequest, InvalidInput, LoupeError, QuotaExceeded, TooLarge, TooSlow, UnsupportedMedia
from shared.fence import Fence
from shared.observability import logs, metrics, traces
from shared.observability.readiness import Check, asked

REQUEST_ID = "X-Request-ID"
_ACCEPTABLE_ID = re.compile(r"^[A-Za-z0-9._:-]{1,128}$")
_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
_QUIET = {"/healthz", "/readyz", "/metrics"}
_log = structlog.get_logger(__name__)


def create_app(
    service: str,
    checks: Mapping[str, Check],
    collectors: Sequence[Collector] = (),
    *,
    fence: str | None = None,
    **fastapi: Any,
) -> FastAPI:
    """An app with `/healthz`, `/readyz` (each of `checks` returns or raises), `/metrics` and problem documents.

    With `fence`, the internal secret (see `Fence`), all else is for those alone who show it.
    """
    app = FastAPI(
        **fastapi, telemetry={"auto_configure": False}
    )  # it would send what errors say, which may name people
    if fence:
        app.add_middleware(Fence, secrets=fence, refuse=respond)
    app.add_middleware(_Observed, service=service, inside=bool(fence))
    app.add_exception_handler(LoupeError, _loupe_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)

    @app.get("/healthz", tags=["operations"], summary="The process lives")
    def healthz() -> dict[str, bool]:
        return {"ok": True}

    @app.get(
        "/readyz",
        tags=["operations"],
        summary="Every part that it needs answers",
        responses={503: {"model": Readiness, "description": "A part does not answer; `parts` says which"}},
    )
    def readyz(response: Response) -> Readiness:
        parts = asked(checks)
        ready = all(part.ok for part in parts.values())
        response.status_code = 200 if ready else 503
        return Readiness(ready=ready, parts=parts)

    @app.get("/metrics", tags=["operations"], summary="Prometheus metrics", response_class=PlainTextResponse)
    def prometheus() -> Response:
        return Response(metrics.render(collectors), media_type="text/plain; version=0.0.4; charset=utf-8")

    return app


class _Observed:
    """`inside`: who asks is one of ours, so that the trace it names is gone on with. Outsiders begin none."""

    def __init__(self, app: ASGIApp, service: str, inside: bool) -> None:
        self._app = app
        self._service = service
        self._inside = inside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = dict(scope["headers"])
        given = said.get(REQUEST_ID.lower().encode(), b"").decode("latin-1")
        request_id = given if _ACCEPTABLE_ID.match(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["correlation_id"] = request_id
        status = 500
        started = time.perf_counter()
        in_hand = metrics.HTTP_IN_HAND.labels(self._service)
        in_hand.inc()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), (REQUEST_ID.lower().encode(), request_id.encode())]
            await send(message)

        with logs.bound(correlation_id=request_id, service=self._service):
            try:
                if scope["path"] in _QUIET:
                    await self._app(scope, receive, send_with_id)
                else:
                    parent = said.get(traces.HEADER.encode(), b"").decode("latin-1") if self._inside else ""
                    with traces.span(scope["method"], parent, "SERVER") as span:
                        await self._app(scope, receive, send_with_id)
                        if span:
                            span.update_name(f"{scope['method']} {_route(scope)}")
                            span.set_attribute("http.response.status_code", status)
            except Exception:  # noqa: BLE001 - the last line of defence: every fault ends in a problem document
                _log.exception("request_failed", method=scope["method"])
                problem = _problem_response(scope["path"], request_id, 500, "internal-error", LoupeError.title, _SORRY)
                await problem(scope, receive, send_with_id)
            finally:
                in_hand.dec()
                self._record(scope, status, time.perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route(scope)
        metrics.HTTP_REQUESTS.labels(self._service, scope["method"], route, str(status)).inc()
        metrics.HTTP_SECONDS.labels(self._service, route).observe(seconds)
        if route not in _QUIET:
            _log.info("request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))


def _route(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path_format", "unmatched"))


_SORRY = (
    "This is a fault of Loupe, not of the request. Try again; if it stays, give the correlation_id to the operator."
)


def _problem_response(
    path: str,
    correlation_id: str,
    status: int,
    code: str,
    title: str,
    detail: str,
    errors: Sequence[dict[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
    quota: QuotaTold | None = None,
) -> JSONResponse:
    problem = Problem(
        type=f"urn:loupe:problem:{code}",
        title=title,
        status=status,
        detail=detail,
        instance=path,
        correlation_id=correlation_id,
        errors=[FieldError.model_validate(error) for error in errors] or None,
        quota=quota,
    )
    return JSONResponse(
        problem.model_dump(exclude_none=True), status, headers=headers, media_type="application/problem+json"
    )


def problem_of(error: LoupeError) -> Problem:
    """What `error` is in an answer that tells of several things, one of which went wrong."""
    return Problem(
        type=f"urn:loupe:problem:{error.code}",
        title=error.title,
        status=error.status,
        detail=error.detail,
        quota=_quota_of(error),
    )


def _quota_of(error: LoupeError) -> QuotaTold | None:
    if not isinstance(error, QuotaExceeded):
        return None
    return QuotaTold(name=error.name, used=error.used, limit=error.limit)


def respond(request: Request, error: LoupeError) -> JSONResponse:
    """The problem document that answers the request."""
    extra = dict(error.headers)
    if error.status == 401:
        extra["WWW-Authenticate"] = "Bearer"
    if error.status == 503:
        extra.setdefault("Retry-After", "2")
    return _problem_response(
        request.url.path,
        request.state.correlation_id,
        error.status,
        error.code,
        error.title,
        error.detail,
        error.errors,
        extra,
        _quota_of(error),
    )


async def _loupe_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, LoupeError)  # noqa: S101 - registered for this type alone
    if error.status >= 500:
        _log.warning("request_refused", code=error.code, detail=error.detail)
    return respond(request, error)


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type alone
    if error.body and isinstance(error.body, bytes):  # FastAPI does not read what is not declared as JSON
        return respond(request, UnsupportedMedia("Send UTF-8 JSON with Content-Type application/json."))
    return respond(request, invalid(error.errors()))


def invalid(found: Sequence[Any]) -> LoupeError:
    """The error that tells what pydantic found; bad JSON is 400, all else 422. Never echoes the input."""
    for entry in found:
        if entry["type"] == "json_invalid":
            reason = entry.get("ctx", {}).get("error", "it does not parse")
            return BadRequest(
                f"The body is not valid JSON: {reason}. Send UTF-8 JSON with Content-Type application/json."
            )
    errors = [{"path": ".".join(str(part) for part in e["loc"]), "message": e["msg"]} for e in found]
    told = "; ".join(f"{e['path']}: {e['message']}" for e in errors[:3])
    return InvalidInput(f"{told}. The full contract is at /docs.", errors=errors[:50])


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type alone
    details = {
        404: "No resource has this address. The list of addresses is at /docs.",
        405: "This address does not take this method. The list of methods is at /docs.",
    }
    if told := of_body(error):
        return respond(request, told)
    return _problem_response(
        request.url.path,
        request.state.correlation_id,
        error.status_code,
        f"http-{error.status_code}",
        HTTPStatus(error.status_code).phrase,
        details.get(error.status_code, str(error.detail)),
        headers={"Allow": _allowed(request)} if error.status_code == 405 else error.headers,
    )


def of_body(error: HTTPException) -> LoupeError | None:
    """What was raised in the middle of reading a body, which frameworks let pass as an `HTTPException` alone."""
    if error.status_code == TooLarge.status:
        return TooLarge(str(error.detail))
    if error.status_code == TooSlow.status:
        return TooSlow(str(error.detail), headers={"Connection": "close"})
    return None


def _allowed(request: Request) -> str:
    """Every method of the address. The router names those of the first route alone, and each method is a route."""

    def takes(method: str) -> bool:
        scope = {**request.scope, "method": method}
        return any(
            route.matches(scope)[0] is Match.FULL for route in request.app.routes if not isinstance(route, Mount)
        )

    return ", ".join(filter(takes, _METHODS)) or "GET, HEAD"  # those of the folders of files that are mounted
