"""The sample shop's last 17 weeks: what it received, sold and counted, told as a shop tells it."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path

from loupe.client import Client
from shared.contracts.stock import MAX_MOVEMENTS, Movement

_LEDGER_SECONDS = 5.0
_LOOK_SECONDS = 0.05


def movements(file: Path, today: date) -> list[Movement]:
    """Those of `file`, whose days are so many before `today`. Their ids are of their rows: told on another day, too,
    they are known and change nothing."""
    with file.open(encoding="utf-8", newline="") as opened:
        return [_movement(number, row, today) for number, row in enumerate(csv.DictReader(opened), 1)]


def _movement(number: int, row: dict[str, str], today: date) -> Movement:
    day = today - timedelta(days=int(row["days_ago"]))
    return Movement.model_validate(
        {
            "id": f"sample-{number}",
            "sku": row["sku"],
            "kind": row["kind"],
            "quantity": int(row["quantity"]),
            "occurred_at": f"{day}T{row['at']}:00Z",
        }
    )


def tell(client: Client, file: Path) -> None:
    """Tell them, and ask for advice that knows of them; it is made in the background.

    What was counted since, by the import, stays as it is: they are of before. Waits a moment for the ledger to have
    them, since a run that began before would know of no sale until the next night.
    """
    told = movements(file, datetime.now(UTC).date())
    for batch in batches(told):
        client.send_movements(batch)
    until = time.monotonic() + _LEDGER_SECONDS
    last = [batch[-1].sku for batch in batches(told)]
    while last and time.monotonic() < until:
        last = [sku for sku in last if next(client.movements(sku=sku, kind="received", page=1), None) is None]
        time.sleep(_LOOK_SECONDS if last else 0)
    client.refresh_styles()


def batches(told: Sequence[Movement]) -> Iterator[list[Movement]]:
    """As many as one request takes, whole pieces: so no piece seems to have run out between two of them."""
    batch: list[Movement] = []
    for _, of_piece in groupby(told, key=lambda movement: movement.sku):
        more = list(of_piece)
        if len(batch) + len(more) > MAX_MOVEMENTS:
            yield batch
            batch = []
        batch += more
    if batch:
        yield batch
