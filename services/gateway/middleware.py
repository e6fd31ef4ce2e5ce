"""What every request passes between its log entry and its route."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

from services.gateway.idempotency import Idempotency
from services.gateway.in_hand import InHand

_COMPRESSED_FROM_BYTES = 1_000
_PREFLIGHT_SECONDS = 600
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_SENT = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "X-Request-ID")
_TOLD = (
    "Deprecation",
    "ETag",
    "Idempotency-Replayed",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Sunset",
    "X-Request-ID",
)


def inner_middleware(origins: Sequence[str], requests: int, body_bytes: int) -> list[Middleware]:
    """The first is the outermost. `origins` are those of pages that may call the API, "*" for all; `requests` and
    `body_bytes` as `InHand` takes them."""
    packed = Middleware(
        GZipMiddleware,
        minimum_size=_COMPRESSED_FROM_BYTES,
        compresslevel=5,
        exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, "image/*"),
    )
    crowd = Middleware(InHand, requests=requests, body_bytes=body_bytes)
    return [*([_cors(origins)] if origins else []), crowd, packed, Middleware(Idempotency)]


def _cors(origins: Sequence[str]) -> Middleware:
    """No cookies: who asks from another origin has a key."""
    return Middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=_METHODS,
        allow_headers=_SENT,
        expose_headers=_TOLD,
        max_age=_PREFLIGHT_SECONDS,
    )
