"""How many requests a key may send, and a shop on a day, counted by all gateways together.

Told by the fields of draft-ietf-httpapi-ratelimit-headers-10: `RateLimit-Policy: "default";q=10000;w=10` (requests a
window, its seconds) and `RateLimit: "default";r=9999;t=7` (requests left, seconds until the next window). The
shop's own is told beside it as "day".
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import structlog
from limits.aio.storage import RedisStorage, Storage
from limits.errors import StorageError
from limits.storage import storage_from_string
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway import metrics
from shared.contracts.usage import RequestsUse
from shared.errors import TooManyRequests

_ANSWER_SECONDS = 0.25  # more than an event loop stalls while its process is busy
_AWAY_SECONDS = 3.0
_CONNECTIONS = 16  # a burst waits here, in order, and not for an answer that is late because of the burst
_STATE = "rate_limit"
_DAY = 86_400
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Standing:
    """`quota` requests in each window of `seconds`; `left` of them in this one, which ends in `reset` seconds.

    `left` is None while the counter is away. `name` is default for those of a key, day for those of a shop.
    """

    quota: int
    seconds: int
    left: int | None
    reset: int
    name: Literal["default", "day"] = "default"


def headers_of(standings: Sequence[Standing]) -> dict[str, str]:
    policies = [f'"{one.name}";q={one.quota};w={one.seconds}' for one in standings]
    known = [f'"{one.name}";r={max(0, one.left)};t={one.reset}' for one in standings if one.left is not None]
    return {"RateLimit-Policy": ", ".join(policies)} | ({"RateLimit": ", ".join(known)} if known else {})


class RateLimiter:
    """Counts requests in fixed windows: one round trip, and an exact count to tell. So up to two quotas may come within
    one window's length, at the edge of two.

    `per_second` is the mean over a window of `seconds`. While the counter is away, requests are let through: it is
    asked again every 3 seconds, and waited for 0.25 seconds.
    """

    def __init__(
        self,
        url: str,
        per_second: int,
        seconds: int,
        wall: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._counter = _open(url)
        self._per_second = per_second
        self._seconds = seconds
        self._wall = wall
        self._clock = clock
        self._turns = asyncio.Semaphore(_CONNECTIONS)
        self._away = False
        self._ask_again_at = 0.0

    async def count(self, name: str, per_second: int | None = None) -> Standing:
        """Count one request of `name`, which may have a limit of its own, and tell how it stands; never raises."""
        quota = (per_second or self._per_second) * self._seconds
        window, reset = self._window(self._seconds)
        used = await self._asked(lambda: self._counter.incr(f"{name}/{window}", self._seconds))
        return Standing(quota, self._seconds, None if used is None else quota - used, reset)

    async def count_day(self, tenant: str, quota: int) -> Standing:
        """Count one request of a shop that may send `quota` on a day, and tell how it stands; never raises."""
        window, reset = self._window(_DAY)
        used = await self._asked(lambda: self._counter.incr(f"day-{tenant}/{window}", _DAY))
        return Standing(quota, _DAY, None if used is None else quota - used, reset, "day")

    async def today(self, tenant: str, quota: int | None) -> RequestsUse:
        """What the shop sent on this day, where that is counted."""
        window, _ = self._window(_DAY)
        used = None if quota is None else await self._asked(lambda: self._counter.get(f"day-{tenant}/{window}"))
        resets_at = datetime.fromtimestamp((window + 1) * _DAY, UTC)
        return RequestsUse(
            used=used if used is None or quota is None else min(used, quota), limit=quota, resets_at=resets_at
        )

    def _window(self, seconds: int) -> tuple[int, int]:
        """The number of this window, and in how many seconds it ends."""
        now = self._wall()
        window = int(now // seconds)
        return window, math.ceil((window + 1) * seconds - now)

    async def _asked(self, ask: Callable[[], Awaitable[int]]) -> int | None:
        async with self._turns:
            if self._away and self._clock() < self._ask_again_at:
                metrics.UNCOUNTED.inc()
                return None
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    used = await ask()
            except (StorageError, TimeoutError) as error:
                self._note_away(error)
                return None
            if self._away:
                _log.info("rate_limit_back")
            self._away = False
            return used

    def _note_away(self, error: Exception) -> None:
        metrics.UNCOUNTED.inc()
        self._ask_again_at = self._clock() + _AWAY_SECONDS
        if not self._away:
            _log.warning("rate_limit_away", reason=str(error) or type(error).__name__, doing="requests are let through")
        self._away = True

    async def close(self) -> None:
        if isinstance(self._counter, RedisStorage):
            await self._counter.bridge.get_connection().aclose()  # type: ignore[attr-defined]  # limits closes nothing


def check(standing: Standing) -> None:
    """Raises `TooManyRequests` for a request over the quota."""
    if standing.left is not None and standing.left < 0:
        metrics.RATE_LIMITED.inc()
        if standing.name == "day":
            told = f"This shop may send {standing.quota} requests a day, and sent more. "
        else:
            told = f"This key may send {standing.quota} requests in {standing.seconds} seconds, and sent more. "
        raise TooManyRequests(
            f"{told}Go on in {standing.reset} seconds; send many items or events in one request.",
            headers={"Retry-After": str(standing.reset)},
        )


def keep(scope: Scope, *standings: Standing) -> None:
    """Have `RateLimitFields` tell of them in the answer."""
    scope["state"][_STATE] = standings


class RateLimitFields:
    """Adds the fields to every answer whose request was counted, failures included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start" and (standings := scope.get("state", {}).get(_STATE)):
                MutableHeaders(scope=message).update(headers_of(standings))
            await send(message)

        await self._app(scope, receive, tell)


def _open(url: str) -> Storage:
    if not url.startswith(("redis://", "rediss://")):
        storage = storage_from_string("async+memory://")
    else:
        storage = storage_from_string(
            f"async+{url}", implementation="redispy", key_prefix="loupe-requests", wrap_exceptions=True
        )
    assert isinstance(storage, Storage)  # noqa: S101 - an async+ scheme opens nothing else
    return storage
