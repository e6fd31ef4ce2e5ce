"""How long it takes to lay out a catalogue: `python -m bench.catalogue_map --pieces 50000`.

The vectors are made up: so many styles, each a cloud about a middle of its own, as pieces of a shop are.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from services.recommender.map.held import Held, pack
from services.recommender.map.layout import Floats, kept_together, lay_out
from services.recommender.map.reading import AXES


def made_up(pieces: int, styles: int = 600) -> Floats:
    """[pieces, axes] of unit length."""
    dice = np.random.default_rng(11)
    middles = dice.normal(size=(styles, AXES))
    vectors = middles[dice.integers(0, styles, pieces)] + 0.6 * dice.normal(size=(pieces, AXES))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pieces", type=int, default=50_000)
    pieces = parser.parse_args().pieces
    vectors = made_up(pieces)
    lain: Floats | None = None
    for name in ("from nothing", "from where it lay"):
        began, used = time.monotonic(), time.process_time()
        places = lain = lay_out(vectors, lain)
        took, cpu = time.monotonic() - began, time.process_time() - used
        kept = kept_together(vectors, places)
        print(f"{pieces:,} pieces {name}: {took:.0f} s, {cpu:.0f} s of CPU; {kept:.2f} of what is alike kept together")
    names = [f"PIECE-{number:06}" for number in range(pieces)]
    held = Held(names, names, places, vectors, np.zeros((512, AXES), dtype=np.float32), "model")
    print(f"stored: {len(pack(held)) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
