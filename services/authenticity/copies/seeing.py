"""What the embedder tells of pictures for finding copies: the port, and its adapter over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from services.authenticity.comparing import Embedder
from shared.contracts.analysis import Box
from shared.contracts.comparing import CopyCheck, CopyChecks
from shared.contracts.internal import Analyses
from shared.contracts.lookalikes import BoxesAsked, Fingerprints
from shared.contracts.models import Models


class Eyes(Protocol):
    """All raise `Retryable` where nobody answers, and `Permanent` for a picture that cannot be read."""

    def models(self) -> Models: ...

    def analyse(self, picture: bytes) -> Analyses:
        """What each loaded model sees in a picture."""
        ...

    def fingerprints(self, picture: bytes, boxes: Sequence[Box]) -> Fingerprints: ...

    def check_copies(self, query: bytes, references: Sequence[bytes]) -> list[CopyCheck]:
        """Whether a picture is a copy of each of 1 to 8 others."""
        ...

    def close(self) -> None:
        """Give back what it holds."""
        ...


class EmbedderEyes(Embedder):
    """As the service's `Embedder`, over a connection pool of its own: who verifies waits for no ingest."""

    def fingerprints(self, picture: bytes, boxes: Sequence[Box]) -> Fingerprints:
        asked = {"boxes": BoxesAsked(list(boxes)).model_dump_json()}
        kind = {"Content-Type": "application/octet-stream"}
        return Fingerprints.model_validate_json(self._post("/fingerprint", params=asked, content=picture, headers=kind))

    def check_copies(self, query: bytes, references: Sequence[bytes]) -> list[CopyCheck]:
        parts = [("query", ("query", query, "application/octet-stream"))]
        parts += [("reference", ("reference", picture, "application/octet-stream")) for picture in references]
        return CopyChecks.model_validate_json(self._post("/compare-copy", files=parts)).checks
