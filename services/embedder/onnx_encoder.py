"""The encoder on the CPU, by onnxruntime."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from services.embedder.manifest import ENCODER, Manifest
from services.embedder.model import Batch, OutOfMemory
from services.embedder.sessions import opened

_NO_MEMORY = "Failed to allocate memory"


class OnnxEncoder:
    """`encoder.onnx` of a model folder; several forwards may run at once.

    `threads` cores work on one forward, and `threads_alone`, if there are more, on one that begins while no other runs:
    somebody who searches alone waits two thirds as long on two cores, and what is forwarded side by side loses nothing.
    """

    def __init__(self, folder: Path, manifest: Manifest, threads: int, threads_alone: int = 1) -> None:
        self.version = manifest.version
        self.dimension = manifest.dimension
        self.input_size = manifest.input_size
        self._session = opened(folder / ENCODER, threads)
        self._session_alone = opened(folder / ENCODER, threads_alone) if threads_alone > threads else self._session
        self._lock = threading.Lock()
        self._running = 0

    def forward(self, batch: Batch) -> Batch:
        with self._lock:
            session = self._session if self._running else self._session_alone
            self._running += 1
        try:
            (vectors,) = session.run(None, {"pictures": batch})
        except Exception as error:  # onnxruntime's errors share no other base
            if _NO_MEMORY in str(error):
                raise OutOfMemory(str(error)) from error
            raise
        finally:
            with self._lock:
                self._running -= 1
        return np.asarray(vectors, dtype=np.float32)
