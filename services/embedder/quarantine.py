"""Pictures that may have killed a worker: analysed alone, counted, and kept out when they kill again."""

from __future__ import annotations

import contextvars
from concurrent.futures import ThreadPoolExecutor

import structlog
from pydantic import BaseModel, ConfigDict

from services.embedder import metrics
from services.embedder.lone_child import Killed, LoneChild
from shared.contracts.analysis import Analysis, attempts_key
from shared.errors import NotFound, Permanent, Retryable
from shared.objectstore import ObjectStore

_PATIENCE_SECONDS = 5.0
_log = structlog.get_logger(__name__)


class QuarantinedPicture(Permanent):
    """The picture ends every process that decodes it."""

    code = "quarantined-picture"
    title = "The picture breaks the program that reads it"


class Attempts(BaseModel):
    """`killed` ended the child for sure; of the `open` nobody saw the end: the worker died with the child, or alone."""

    model_config = ConfigDict(frozen=True)

    killed: int = 0
    open: int = 0


class Quarantine:
    """Analyses suspects one at a time, in a child process.

    Each attempt is counted in the `attempts` store before the child gets the picture, because the worker may die with
    it. Only deaths while alone count: one that the worker saw counts whole, one that took the worker along counts half,
    since something else may have killed the worker. At `max_kills` the picture is quarantined.
    """

    def __init__(self, child: LoneChild, attempts: ObjectStore, max_kills: int) -> None:
        self._child = child
        self._attempts = attempts
        self._max_kills = max_kills
        self._one_at_a_time = ThreadPoolExecutor(1, "quarantine")

    def analyse(self, tenant: str, sha256: str, data: bytes, model_version: str) -> Analysis:
        """The analysis of a suspect by one of the loaded models.

        Raises `QuarantinedPicture` when it has killed too often, `Permanent` when the bytes are no picture or damaged,
        and `Retryable` when others are before it or no child can be started.
        """
        context = contextvars.copy_context()
        turn = self._one_at_a_time.submit(context.run, self._analyse, tenant, sha256, data, model_version)
        try:
            return turn.result(_PATIENCE_SECONDS)
        except TimeoutError:
            if turn.cancel():
                raise Retryable("Other suspect pictures are analysed alone before this one; its turn comes.") from None
            return turn.result()

    def close(self) -> None:
        """End the child; the picture that it has is tried again by whoever gets its message next."""
        self._one_at_a_time.shutdown(cancel_futures=True)
        self._child.close()

    def _analyse(self, tenant: str, sha256: str, data: bytes, model_version: str) -> Analysis:
        key = attempts_key(sha256)
        while True:
            before = self._counted(tenant, key)
            if before.killed + before.open / 2 >= self._max_kills:
                raise self._quarantined(tenant, key, before)
            self._child.start()
            self._count(tenant, key, Attempts(killed=before.killed, open=before.open + 1))
            try:
                analysis = self._child.analyse(data, model_version)
            except Killed as kill:
                self._count(tenant, key, Attempts(killed=before.killed + 1, open=before.open))
                metrics.ALONE.labels("killed").inc()
                _log.warning("picture_killed_its_process", sha256=sha256, how=str(kill), kills=before.killed + 1)
            except Permanent:
                self._attempts.delete(tenant, key)
                metrics.ALONE.labels("rejected").inc()
                raise
            except BaseException:
                self._count(tenant, key, before)
                raise
            else:
                self._attempts.delete(tenant, key)
                metrics.ALONE.labels("analysed").inc()
                return analysis

    def _quarantined(self, tenant: str, key: str, attempts: Attempts) -> QuarantinedPicture:
        """Its count goes: the same bytes, uploaded again, get their tries again, and alone, since sent before."""
        self._attempts.delete(tenant, key)
        metrics.ALONE.labels("quarantined").inc()
        _log.error("picture_quarantined", attempts=attempts.model_dump(), object=key)
        times = attempts.killed + attempts.open
        return QuarantinedPicture(
            f"Reading this picture ended the program that read it, or took too long, {times} times, also when it was "
            "read alone. It is kept out so that it harms no other. "
            "Open it in a viewer, save it as a new JPEG or PNG, and upload that."
        )

    def _counted(self, tenant: str, key: str) -> Attempts:
        try:
            return Attempts.model_validate_json(self._attempts.get(tenant, key))
        except NotFound:
            return Attempts()

    def _count(self, tenant: str, key: str, attempts: Attempts) -> None:
        self._attempts.put(tenant, key, attempts.model_dump_json().encode())
