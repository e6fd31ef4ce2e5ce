"""The failures every part of Loupe speaks: what may be tried again, what may not, and how HTTP tells it.

Adapters translate the errors of their library into these; nothing above an adapter knows the library.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class LoupeError(Exception):
    """A failure with words for the person who can act on it.

    `title` names the kind of failure and stays the same for every occurrence, `detail` says what was wrong with
    which input and what to do. `status` is the HTTP status that a caller of the API sees (RFC 9110), `headers` what
    that answer carries besides.
    """

    status: int = 500
    code: str = "internal-error"
    title: str = "Something went wrong inside Loupe"

    def __init__(
        self, detail: str, *, errors: Sequence[dict[str, Any]] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})


class Retryable(LoupeError):
    """The same call may succeed later: a broker, store or service cannot be reached or is busy."""

    status = 503
    code = "temporarily-unavailable"
    title = "A part of Loupe cannot be reached right now"


class TooManyRequests(Retryable):
    """More requests than this caller may send; `headers` say when to go on."""

    status = 429
    code = "too-many-requests"
    title = "Too many requests with this key"


class Overloaded(Retryable):
    """More work waits, or is in hand, than Loupe takes at once; `headers` say when there is room again."""

    code = "overloaded"
    title = "Loupe has more work than it takes at once"


class TooSlow(Retryable):
    """The body did not come in time."""

    status = 408
    code = "too-slow"
    title = "The request did not come in time"


class Permanent(LoupeError):
    """The same call will fail again: the input is at fault. Messages go to the dead letter, people are told."""

    status = 422
    code = "unprocessable"
    title = "The input cannot be processed"


class InvalidInput(Permanent):
    """A value breaks the contract; `errors` lists each as `{"path": ..., "message": ...}`."""

    status = 422
    code = "invalid-input"
    title = "The request does not follow the contract"


class BadRequest(Permanent):
    status = 400
    code = "bad-request"
    title = "The request cannot be read"


class Unauthorized(Permanent):
    status = 401
    code = "unauthorized"
    title = "A valid API key is needed"


class Forbidden(Permanent):
    """The caller is known and may not do this."""

    status = 403
    code = "insufficient-scope"
    title = "The API key lacks a scope"


class QuotaExceeded(Permanent):
    """The shop may not have more of something. `limit` of it, and `used`, the shop has: `name` is items, pictures or
    storage_bytes."""

    status = 403
    code = "quota-exceeded"
    title = "The shop's quota is used up"

    def __init__(self, detail: str, *, name: str, used: int, limit: int) -> None:
        super().__init__(detail)
        self.name, self.used, self.limit = name, used, limit


class NotFound(Permanent):
    status = 404
    code = "not-found"
    title = "There is no such thing"


class Conflict(Permanent):
    status = 409
    code = "conflict"
    title = "The request disagrees with what is stored"


class PreconditionFailed(Permanent):
    """What the request depends on, by `If-Match` or `If-None-Match`, does not hold; nothing was changed."""

    status = 412
    code = "precondition-failed"
    title = "It was changed in the meantime"


class TooLarge(Permanent):
    status = 413
    code = "too-large"
    title = "The input is larger than Loupe takes"


class UnsupportedMedia(Permanent):
    """The body is of a type that this does not take."""

    status = 415
    code = "unsupported-media-type"
    title = "The body is not of a type that this takes"


class UnsupportedPicture(Permanent):
    """The bytes are no picture that Loupe reads."""

    status = 415
    code = "unsupported-picture"
    title = "This is not a picture that Loupe can read"


class UnreadablePicture(Permanent):
    """It says that it is a picture, and breaks while being decoded."""

    status = 422
    code = "unreadable-picture"
    title = "The picture is damaged"


class TooHeavyPicture(Permanent):
    """To open it takes more time or memory than one picture may take."""

    status = 422
    code = "too-heavy-picture"
    title = "The picture takes too much to open"
