"""An embedder whose decoder falls for marked pictures: `python -m tests.support.poison` runs it as a process."""

from __future__ import annotations

import io
import os
import signal
import threading

from PIL import Image

from services.embedder.analyse import Analyse
from services.embedder.batcher import Lane
from services.embedder.decoding import Decode, decode_here
from services.embedder.look import Look
from services.embedder.main import build, load_models
from services.embedder.settings import Settings
from shared import messaging
from shared.contracts.analysis import Analysis, Box, TrayAnalysis
from shared.observability import logs
from shared.service import run
from tests.support.drawn_pieces import drawn_pieces, jpeg

KILLS = b"this picture kills"
HANGS = b"this picture hangs"
EATS = b"this picture eats memory"
KILLING_SIDE = 173
"""A picture of so many pixels each way kills too: a mark that outlives the gateway, whatever it strips."""


def poison(mark: bytes) -> bytes:
    """A picture that does what its mark says to the process that decodes it here, and is a good JPEG elsewhere."""
    return jpeg(drawn_pieces(1)[0]) + mark


class Falling:
    """Analyses as `real` does, but falls for marked pictures."""

    def __init__(self, real: Analyse) -> None:
        self._real = real
        self.model_version = real.model_version
        self.about = real.about

    def __call__(self, data: bytes, lane: Lane, box: Box | None = None) -> Analysis:
        if data.endswith(KILLS) or Image.open(io.BytesIO(data)).size == (KILLING_SIDE, KILLING_SIDE):
            os.kill(os.getpid(), signal.SIGKILL)
        if data.endswith(HANGS):
            threading.Event().wait()
        if data.endswith(EATS):
            eaten = []
            while True:
                eaten.append(bytearray(100_000_000))
        return self._real(data, lane, box)

    def tray(self, data: bytes) -> TrayAnalysis:
        return self._real.tray(data)

    def look(self, data: bytes, box: Box | None = None) -> Look:
        return self._real.look(data, box)

    def close(self) -> None:
        self._real.close()


def load(settings: Settings, decode: Decode = decode_here) -> list[Analyse]:
    return [Falling(real) for real in load_models(settings, decode)]


def main() -> None:
    settings = Settings()
    logs.configure("embedder")
    broker = messaging.open(settings.broker_url, "embedder")
    run([build(settings, broker, load)], broker, settings.worker_threads, sole_worker=True)


if __name__ == "__main__":
    main()
