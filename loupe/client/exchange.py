"""A call from its first try to its answer, and several calls in a row. Sends nothing itself and waits for nothing:
both clients drive it, one by blocking, one by awaiting."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, TypeVar

import httpx
from pydantic import ValidationError

from loupe.client.calls import Call, Form, Pause, Steps, Work
from loupe.client.errors import AWAY, NoAnswer, NotUnderstood, error_in

T = TypeVar("T")
_LONGEST_PAUSE = 10.0
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_PASSING = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError, httpx.ProxyError)

Outcome = httpx.Response | httpx.TransportError
Exchange = Generator[httpx.Request | Pause | Work[Any], Any, T]
"""It yields a request and is sent its `Outcome`, yields a `Pause` or `Work`, and returns the result."""


@dataclass(frozen=True)
class Way:
    """How a client sends: to whom, with what key, for how long it waits for an answer and tries again, in seconds."""

    build: Callable[..., httpx.Request]
    address: str
    key: str = field(repr=False)
    seconds: float
    patience: float


def exchange(call: Call[T], way: Way) -> Exchange[T]:
    """Try until it is answered, refused, or the patience is at its end. Raises the errors of `loupe.client.errors`."""
    with ExitStack() as opened:
        make = partial(_request, call, way, opened)
        request = (yield Work(make)) if isinstance(call.body, Form) else make()
        started, tries, perhaps_done = time.monotonic(), 0, False
        while True:
            outcome: Outcome = yield request
            left = way.patience - (time.monotonic() - started)
            pause = _pause(call, outcome, tries)
            if pause is None or pause > left:
                return _result(call, outcome, way, perhaps_done)
            perhaps_done |= not _was_not_done(outcome)
            tries += 1
            yield Pause(pause)


def through(steps: Steps[T], way: Way) -> Exchange[T]:
    """Each call of several by `exchange`; what one raises is raised where the steps yielded it."""
    step: Any = next(steps)
    try:
        while True:
            try:
                done = (yield from exchange(step, way)) if isinstance(step, Call) else (yield step)
            except Exception as error:  # noqa: BLE001 - it is the steps' to handle, whatever it is
                step = steps.throw(error)
            else:
                step = steps.send(done)
    except StopIteration as end:
        result: T = end.value
        return result


def _request(call: Call[Any], way: Way, opened: ExitStack) -> httpx.Request:
    """The request of all tries: the same bytes and the same Idempotency-Key, so that a repeat is known as one."""
    headers = {**call.headers}
    if not call.foreign:
        headers["Authorization"] = f"Bearer {way.key}"
    if call.keyed:
        headers["Idempotency-Key"] = uuid.uuid4().hex
    body: dict[str, Any] = {}
    if isinstance(call.body, Form):
        body["files"] = call.body.parts(opened)
    elif call.body:
        body["content"] = call.body.content
        headers["Content-Type"] = call.body.media_type
    return way.build(call.method, call.path, params=dict(call.params) or None, headers=headers, **body)


def _pause(call: Call[Any], outcome: Outcome, tries: int) -> float | None:
    """Seconds until the next try; None where there is none."""
    if call.only_once and not _was_not_done(outcome):
        return None
    pause = min(0.2 * 2.0**tries, _LONGEST_PAUSE) * random.uniform(0.5, 1)
    if isinstance(outcome, httpx.TransportError):
        return pause if isinstance(outcome, _PASSING) else None
    asked = str(outcome.headers.get("retry-after", ""))
    still_at_it = outcome.status_code == 409 and call.keyed and asked  # the first try of the same key
    if outcome.status_code in call.also or not (outcome.status_code in AWAY or still_at_it):
        return None
    return max(pause, _seconds(asked))


def _seconds(retry_after: str) -> float:
    """Retry-After is a number of seconds or a date (RFC 9110, 10.2.3)."""
    if retry_after.isdigit():
        return float(retry_after)
    try:
        return (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):  # absent, neither, or a date without a zone
        return 0.0


def _was_not_done(outcome: Outcome) -> bool:
    """Nothing can have come of this try."""
    if isinstance(outcome, httpx.TransportError):
        return isinstance(outcome, _NOT_SENT)
    return outcome.status_code == 429


def _result(call: Call[T], outcome: Outcome, way: Way, perhaps_done: bool) -> T:
    if isinstance(outcome, httpx.TimeoutException) and not isinstance(outcome, _NOT_SENT):
        raise NoAnswer(f"{way.address} did not answer within {way.seconds:g} s. It may have been done.") from outcome
    if isinstance(outcome, httpx.TransportError):
        raise NoAnswer(f"Nothing answers at {way.address} ({type(outcome).__name__}).") from outcome
    gone = outcome.status_code == 404 and call.method == "DELETE" and perhaps_done  # an earlier try has removed it
    if not (outcome.is_success or outcome.status_code in call.also or gone):
        raise error_in(outcome, f"{call.method} {call.route}")
    try:
        return call.read(outcome)
    except ValidationError as error:
        raise NotUnderstood(
            f"{way.address} answered {call.method} {call.route} with something else than this client expects. "
            "Is it Loupe, and no older than the client?"
        ) from error
