"""Text of a close-up, as a hallmark or a serial number: RapidOCR with the weights that its package carries."""

from __future__ import annotations

import logging
import threading
from typing import Any

import numpy as np
from PIL import Image

from shared.contracts.comparing import MAX_READ

_SIDE = 720
_SURE = 0.5
_LONGEST = 64
_SETTINGS = {
    "Global.log_level": "critical",
    "Global.use_cls": False,
    "Det.limit_type": "max",
    "Det.limit_side_len": _SIDE,
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    "EngineConfig.onnxruntime.enable_cpu_mem_arena": False,
}


class Reader:
    """Reads one picture at a time; loaded by the first."""

    def __init__(self) -> None:
        self._engine: Any = None
        self._reading = threading.Lock()

    def lines(self, rgb: Image.Image) -> list[str]:
        """The lines of text of which it is sure, from the top; those alone that can be shown."""
        small = rgb.copy()
        small.thumbnail((_SIDE, _SIDE))
        with self._reading:
            found = self._open()(np.ascontiguousarray(np.asarray(small)[..., ::-1]))
        told = zip(found.txts or (), found.scores or (), strict=True)
        lines = [text.strip()[:_LONGEST] for text, score in told if score >= _SURE]
        return [line for line in lines if line and line.isprintable()][:MAX_READ]

    def _open(self) -> Any:
        if self._engine is None:
            from rapidocr import RapidOCR

            logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
            self._engine = RapidOCR(params=_SETTINGS)
        return self._engine
