"""Batches as large as the runtime has memory for."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import structlog

from services.embedder.metrics import OUT_OF_MEMORY
from services.embedder.model import Batch, OutOfMemory
from shared.errors import Retryable

_FITTED_BEFORE_MORE = 1_000
_log = structlog.get_logger(__name__)


class Fitting:
    """`forward`, of as many pictures at once as fit; may be called from several threads where `forward` may.

    What does not fit is halved, and batches stay that small. After 1,000 forwards of that size twice as many are tried
    again, up to `most`: what took the memory, as a second model of a reindex, may have gone.
    """

    def __init__(self, forward: Callable[[Batch], Batch], most: int) -> None:
        self._forward = forward
        self._most = most
        self._at_once = most
        self._fitted = 0
        self._lock = threading.Lock()

    def __call__(self, batch: Batch) -> Batch:
        """Rows as of `forward`. Raises `Retryable` when there is no memory for one picture alone."""
        done: list[Batch] = []
        left = batch
        while len(left):
            part = left[: self._at_once]
            try:
                done.append(self._forward(part))
            except OutOfMemory as error:
                self._shrink(len(part), error)
                continue
            self._fits(len(part))
            left = left[len(part) :]
        return done[0] if len(done) == 1 else np.concatenate(done)

    def _shrink(self, tried: int, error: OutOfMemory) -> None:
        if tried == 1:
            OUT_OF_MEMORY.labels("alone").inc()
            _log.error("out_of_memory_alone", detail=str(error))
            raise Retryable(
                "The embedder has no memory left for even one picture; it is tried again. See what else uses the GPU "
                "or the machine, and the runbook `The GPU runs out of memory`."
            ) from error
        OUT_OF_MEMORY.labels("halved").inc()
        with self._lock:
            self._at_once = min(self._at_once, tried // 2)
            self._fitted = 0
            now = self._at_once
        _log.warning("batch_halved", tried=tried, at_once=now, detail=str(error))

    def _fits(self, size: int) -> None:
        with self._lock:
            if size < self._at_once or self._at_once == self._most:
                return
            self._fitted += 1
            if self._fitted < _FITTED_BEFORE_MORE:
                return
            self._at_once, self._fitted = min(2 * self._at_once, self._most), 0
            now = self._at_once
        _log.info("batch_doubled", at_once=now)
