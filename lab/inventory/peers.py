"""statsforecast's AutoETS beside Loupe: in an environment of its own, since no part of Loupe needs it to run."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lab.inventory.backtest import Origin, filled
from lab.inventory.world import Floats
from services.inventory.forecast.backtest import HORIZON

_SCRIPT = Path(__file__).with_name("peer_autoets.py")


def autoets(python: Path) -> Callable[[Origin], Floats]:
    """From an origin to the pieces' weeks, [pieces, 4], each piece by itself."""

    def made(origin: Origin) -> Floats:
        with tempfile.TemporaryDirectory() as folder:
            source, out = Path(folder, "in.npy"), Path(folder, "out.npy")
            series = np.where(origin.scored[:, None], filled(origin), 0)
            np.save(source, series)
            subprocess.run([python, _SCRIPT, source, out, str(HORIZON)], check=True)
            told: Floats = np.load(out)
            return told

    return made
