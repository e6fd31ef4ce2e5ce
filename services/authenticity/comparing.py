"""The port to what looks at pictures, and its adapter over HTTP: the embedder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import httpx
from pydantic import ValidationError

from shared.contracts.api import Problem
from shared.contracts.comparing import ComparisonAsked, Comparisons
from shared.contracts.internal import Analyses
from shared.contracts.models import Models
from shared.errors import LoupeError, Permanent, Retryable
from shared.fence import Outsider, credentials
from shared.observability import traces

_SECONDS = httpx.Timeout(30.0, connect=2.0)


class Comparing(Protocol):
    """All raise `Retryable` where nobody answers, and `Permanent` for a picture that cannot be read."""

    def models(self) -> Models:
        """Those that are loaded, in the order in which `analyse` answers."""
        ...

    def analyse(self, picture: bytes) -> Analyses:
        """What each loaded model sees in a picture, the first model's first."""
        ...

    def compare(self, asked: ComparisonAsked, query: bytes, references: Sequence[bytes]) -> Comparisons:
        """One picture against 1 to 8, in the order of `asked.references`."""
        ...

    def close(self) -> None:
        """Give back what it holds."""
        ...


class Embedder:
    """Over one connection pool, safe to use from several threads."""

    def __init__(self, url: str, secrets: str | None) -> None:
        self._http = httpx.Client(base_url=url.rstrip("/"), headers=credentials(secrets), timeout=_SECONDS)

    def models(self) -> Models:
        try:
            return Models.model_validate_json(self._http.get("/models").raise_for_status().content)
        except httpx.HTTPError as error:
            raise Retryable(f"The embedder does not tell its models ({type(error).__name__}).") from error

    def analyse(self, picture: bytes) -> Analyses:
        answer = self._post("/analyse", content=picture, headers={"Content-Type": "application/octet-stream"})
        return Analyses.model_validate_json(answer)

    def compare(self, asked: ComparisonAsked, query: bytes, references: Sequence[bytes]) -> Comparisons:
        parts: list[tuple[str, tuple[str | None, bytes | str, str]]] = [
            ("asked", (None, asked.model_dump_json(), "application/json")),
            ("query", ("query", query, "application/octet-stream")),
            *(("reference", ("reference", picture, "application/octet-stream")) for picture in references),
        ]
        return Comparisons.model_validate_json(self._post("/compare", files=parts))

    def close(self) -> None:
        self._http.close()

    def _post(self, path: str, **sent: Any) -> bytes:
        headers = {**sent.pop("headers", {}), **traces.headers()}
        try:
            answer = self._http.post(path, headers=headers, **sent)
        except httpx.HTTPError as error:
            raise Retryable(
                f"The embedder does not answer ({type(error).__name__}). It may be starting: try again soon."
            ) from error
        if answer.is_success:
            return answer.content
        raise _refusal(answer)


def _refusal(answer: httpx.Response) -> LoupeError:
    if answer.status_code == Outsider.status:
        return Retryable("The embedder refuses the internal secret. Set one INTERNAL_SECRET for all services.")
    try:
        problem = Problem.model_validate_json(answer.content)
    except ValidationError:
        return Retryable(f"The embedder answered {answer.status_code} without saying why. Try again.")
    error = (Retryable if problem.status >= 500 or problem.status == 429 else Permanent)(problem.detail)
    error.status, error.title, error.code = problem.status, problem.title, problem.type.rpartition(":")[2]
    return error
