"""The encoder on the CPU, by onnxruntime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort

from services.embedder.manifest import ENCODER, Manifest
from services.embedder.model import Batch, OutOfMemory
from shared.errors import Permanent

_NO_MEMORY = "Failed to allocate memory"


class OnnxEncoder:
    """`encoder.onnx` of a model folder; `threads` cores work on one forward, and several forwards may run at once."""

    def __init__(self, folder: Path, manifest: Manifest, threads: int) -> None:
        self.version = manifest.version
        self.dimension = manifest.dimension
        self.input_size = manifest.input_size
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Spinning threads would take the cores from decoding between two forwards.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = ort.InferenceSession(str(folder / ENCODER), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors share no other base
            raise Permanent(f"onnxruntime cannot load {folder / ENCODER}: {error}") from error

    def forward(self, batch: Batch) -> Batch:
        try:
            (vectors,) = self._session.run(None, {"pictures": batch})
        except Exception as error:  # onnxruntime's errors share no other base
            if _NO_MEMORY in str(error):
                raise OutOfMemory(str(error)) from error
            raise
        return np.asarray(vectors, dtype=np.float32)
