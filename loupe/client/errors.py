"""What a call may raise: what Loupe refused, with its problem document, and that nothing answered."""

from __future__ import annotations

import httpx
from pydantic import ValidationError

from shared import errors
from shared.contracts.api import FieldError, Problem


class Refused(errors.Permanent):
    """Loupe said no, and will say so again to the same call. `problem` says why, and what to do."""

    def __init__(self, problem: Problem, headers: dict[str, str] | None = None) -> None:
        super().__init__(
            f"{problem.title}: {problem.detail}",
            errors=[error.model_dump() for error in problem.errors or ()],
            headers=headers,
        )
        self.problem = problem
        self.status = problem.status

    @property
    def fields(self) -> list[FieldError]:
        """The fields that broke the contract, each with its path."""
        return self.problem.errors or []


class Unauthorized(Refused):
    """401: the key is none of this installation's, or was revoked."""


class Forbidden(Refused):
    """403: the key lacks the scope that `problem.detail` names, or it is `QuotaExceeded`."""


class QuotaExceeded(Forbidden):
    """403: the shop may not have more of what `problem.quota` names."""


class NotFound(Refused):
    """404."""


class Conflict(Refused):
    """409: it disagrees with what is stored, or an `Idempotency-Key` was used with another body."""


class PreconditionFailed(Refused):
    """412: somebody changed it since it was read. Read it again, and decide anew."""


class TooLarge(Refused):
    """413."""


class Invalid(Refused):
    """400, 415 or 422: the request breaks the contract; `fields` say where."""


class Failed(Refused):
    """5xx that trying again does not mend: a fault of Loupe. Tell the operator `problem.correlation_id`."""


class Unavailable(errors.Retryable):
    """A part of Loupe was away, or busy, for longer than the client's patience. `problem` says which."""

    def __init__(self, problem: Problem, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{problem.title}: {problem.detail}", headers=headers)
        self.problem = problem
        self.status = problem.status


class TooManyRequests(Unavailable):
    """429: over the key's rate limit; `headers["Retry-After"]` are the seconds until it may go on."""


class NoAnswer(errors.Retryable):
    """Nobody listens at the address, the connection broke, or no answer came in time. It may have been done."""


class NotUnderstood(errors.Permanent):
    """What answered is no Loupe, or one that speaks another version of the API."""

    status = 502


_BY_STATUS: dict[int, type[Refused]] = {
    400: Invalid,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: PreconditionFailed,
    413: TooLarge,
    415: Invalid,
    422: Invalid,
}
AWAY = (408, 429, 502, 503, 504)


def error_of(problem: Problem, headers: dict[str, str] | None = None) -> Refused | Unavailable:
    """The error of a status: refused for good, or `Unavailable` of what may pass."""
    if problem.quota is not None:
        return QuotaExceeded(problem, headers)
    if problem.status in AWAY:
        return (TooManyRequests if problem.status == 429 else Unavailable)(problem, headers)
    return _BY_STATUS.get(problem.status, Failed if problem.status >= 500 else Refused)(problem, headers)


def error_in(response: httpx.Response, asked: str) -> Refused | Unavailable:
    """The error that an answer tells; one without a problem document, as of a proxy, by its status and what was
    `asked`: the route and not the address, which may have the name of a shopper in it, or a signature."""
    try:
        problem = Problem.model_validate_json(response.content, extra="ignore")
    except ValidationError:
        words = f"{asked} was answered {response.status_code}"
        problem = Problem(title=words, status=response.status_code, detail="without saying why.")
    return error_of(problem, {name: response.headers[name] for name in _TOLD if name in response.headers})


_TOLD = ("Retry-After",)
