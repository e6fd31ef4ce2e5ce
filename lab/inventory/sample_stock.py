"""What the sample shop received, sold and counted in the 17 weeks before it is looked at: `movements.csv`, beside the
`catalogue.csv` in FOLDER, by `python -m lab.inventory.sample_stock FOLDER`.

Each piece is walked backwards from the stock that `catalogue.csv` says, so that its books end there and never go below
zero. Days are told as so many ago, since nobody knows when a sample is started.
"""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

SEED = 13
DAYS = 119
"""Whole weeks: what forecasts are made of."""
COLUMNS = ["sku", "kind", "quantity", "days_ago", "at"]
_COUNTED = 60
"""The evening of so many days ago everything was counted."""
_LOST = 0.04
"""The share of the pieces of which one fewer lay there than the books said."""
_NEW = 0.2
"""The share that came in later than the others."""
_PACES = ((0.1, 2.0, 4.0), (0.4, 0.15, 0.5), (0.8, 0.03, 0.12), (1.0, 0.0, 0.0))
"""Up to which share of the pieces, what is sold a week: best sellers, steady ones, slow ones, and those that lie."""
Row = tuple[str, int, int, str]
"""Kind, quantity, days ago, and the time of that day in UTC."""


def write_movements(folder: Path) -> int:
    """Write `folder`/movements.csv of the pieces in `folder`/catalogue.csv; how many. The same pieces give the same
    bytes."""
    with (folder / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        left = {row["sku"]: int(row["stock"]) for row in csv.DictReader(file)}
    rows = [(sku, *row) for sku, row in movements(left)]
    with (folder / "movements.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    return len(rows)


def movements(left: Mapping[str, int]) -> Iterator[tuple[str, Row]]:
    """Of pieces by SKU, `left` of each today: piece after piece, the oldest first."""
    weather = _weather()
    for sku, stock in left.items():
        random = np.random.default_rng([SEED, *sku.encode()])
        for row in sorted(_backwards(random, stock, weather), key=lambda row: (-row[2], row[3])):
            yield sku, row


def _weather() -> npt.NDArray[np.float64]:
    """[days ago]: by how much more sells than usual, in good weeks and over the season."""
    weeks = np.exp(np.random.default_rng(SEED).normal(0, 0.1, DAYS // 7 + 1))
    ago = np.arange(DAYS + 1)
    found: npt.NDArray[np.float64] = weeks[ago // 7] * (1 + 0.15 * np.cos(2 * np.pi * ago / DAYS))
    return found


def _backwards(random: np.random.Generator, stock: int, weather: npt.NDArray[np.float64]) -> Iterator[Row]:
    drawn = random.random()
    weekly = next(random.uniform(low, high) for share, low, high in _PACES if drawn < share)
    begins = int(random.integers(40, DAYS)) if random.random() < _NEW else DAYS
    lost = int(random.random() < _LOST)
    lot, low, out = max(stock, math.ceil(4 * weekly)), int(random.integers(0, 3)), 0
    for ago in range(1, begins + 1):
        if ago == _COUNTED:
            yield "counted", stock, ago, "20:00"
            stock += lost
        sold = int(random.poisson(weekly / 7 * weather[ago])) if out == 0 else 0
        out = max(0, out - 1)
        for _ in range(sold):
            minute = int(random.integers(10 * 60, 19 * 60))
            yield "sold", 1, ago, f"{minute // 60:02}:{minute % 60:02}"
        stock += sold
        if stock > lot + low:
            yield "received", stock - low, ago, "09:00"
            stock = low
            out = int(random.integers(2, 7)) if low == 0 else 0  # it had run out, and was waited for
    if stock:
        yield "received", stock, begins, "08:30"


if __name__ == "__main__":
    print(f"{write_movements(Path(sys.argv[1]))} movements")
