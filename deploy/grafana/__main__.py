"""`python -m deploy.grafana` writes deploy/grafana/boards anew: they are made here, and nowhere else."""

from __future__ import annotations

from pathlib import Path

from deploy.grafana import authenticity, ingest, inventory, models, overview, recommender, search
from deploy.grafana.panels import json_of

FOLDER = Path(__file__).parent / "boards"
BOARDS = (
    overview.BOARD,
    ingest.BOARD,
    search.BOARD,
    models.BOARD,
    recommender.BOARD,
    inventory.BOARD,
    authenticity.BOARD,
)


def files() -> dict[str, str]:
    """By name, each with what it holds."""
    return {f"{board.uid}.json": json_of(board) for board in BOARDS}


if __name__ == "__main__":
    for name, text in files().items():
        (FOLDER / name).write_text(text)
