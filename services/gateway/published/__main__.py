"""Writes what is published into `docs/contracts`, with `--release` as what this version released: `make contracts`."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

from services.gateway.published.documents import write

FOLDER = Path(__file__).parents[3] / "docs/contracts"

if __name__ == "__main__":
    write(FOLDER / "released" / version("loupe") if sys.argv[1:] == ["--release"] else FOLDER)
