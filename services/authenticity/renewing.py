"""Vectors of references, made anew where the model that made them is no longer loaded: without them none is found."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import structlog
from sqlalchemy import or_, select, tuple_, update

from services.authenticity.comparing import Comparing
from services.authenticity.measuring import packed
from services.authenticity.tables import ReferencePictureRow
from shared.contracts.analysis import picture_key
from shared.contracts.fields import MAX_PICTURE_BYTES
from shared.database import Database
from shared.errors import LoupeError, Retryable
from shared.objectstore import ObjectStore

_FIRST_SECONDS, _EVERY_SECONDS = 20.0, 300.0
_PAGE = 100
_Place = tuple[str, str, str]
_log = structlog.get_logger(__name__)


class Renewing:
    """Several processes may do it at once: the same is made twice, and kept once."""

    def __init__(self, books: Database, pictures: ObjectStore, comparing: Comparing) -> None:
        self._books = books
        self._pictures = pictures
        self._comparing = comparing

    def run(self, stop: threading.Event) -> None:
        """Look soon after the start, as a model changes with the embedder's, then every five minutes."""
        wait = _FIRST_SECONDS
        while not stop.wait(wait):
            wait = _EVERY_SECONDS
            try:
                self.renew(stop)
            except Retryable as error:
                _log.warning("renewing_waits", detail=error.detail)

    def renew(self, stop: threading.Event) -> int:
        """How many pictures got a vector of the first model. One that cannot be read is passed over until next time."""
        loaded = [model.version for model in self._comparing.models().models]
        after, renewed = ("", "", ""), 0
        while page := self._page(loaded, after):
            for place in page:
                if stop.is_set():
                    return renewed
                renewed += self._renewed(*place)
            after = page[-1]
        if renewed:
            _log.info("references_renewed", pictures=renewed)
        return renewed

    def _page(self, loaded: Sequence[str], after: _Place) -> list[_Place]:
        row = ReferencePictureRow
        place = (row.tenant, row.reference_id, row.sha256)
        other = or_(row.model_version.is_(None), row.model_version.not_in(loaded))
        wanted = select(*place).where(other, tuple_(*place) > after).order_by(*place).limit(_PAGE)
        with self._books.read() as session:
            return [(one.tenant, one.reference_id, one.sha256) for one in session.execute(wanted)]

    def _renewed(self, tenant: str, reference_id: str, sha256: str) -> bool:
        try:
            picture = self._pictures.get(tenant, picture_key(sha256), at_most=MAX_PICTURE_BYTES)
            analysis = self._comparing.analyse(picture).analyses[0]
        except Retryable:
            raise
        except LoupeError as error:  # erased meanwhile, or one that this model cannot read
            _log.warning("reference_not_renewed", reference_id=reference_id, detail=error.detail)
            return False
        row = ReferencePictureRow
        ours = update(row).where(row.tenant == tenant, row.reference_id == reference_id, row.sha256 == sha256)
        vector = packed(analysis.pieces[0].embedding())
        with self._books.write() as session:
            session.execute(ours.values(model_version=analysis.model_version, vector=vector))
        return True
