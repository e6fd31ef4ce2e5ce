"""AutoETS of statsforecast, the peer: run by a Python that has it (`requirements/peers.in`), told by files.

`python lab/inventory/peer_autoets.py IN OUT AHEAD`: IN is an .npy of [series, weeks], OUT gets [series, AHEAD].
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np


def main(source: Path, out: Path, ahead: int) -> None:
    from statsforecast.models import AutoETS  # its import takes seconds, and the project's own Python lacks it

    series = np.load(source)
    told = np.zeros((len(series), ahead))
    for row, one in enumerate(series.astype(np.float64)):
        if not one.any():
            continue
        model: Any = AutoETS(season_length=1, model="ZZN")
        told[row] = model.forecast(one, ahead)["mean"]
    np.save(out, np.maximum(told, 0))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
