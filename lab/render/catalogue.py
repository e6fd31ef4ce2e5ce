"""The pieces that the sample shop sells, each with its words and its geometry."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

from lab.render.designs import DESIGNS
from lab.render.parts import Parts


@dataclass(frozen=True)
class Piece:
    """One item of the shop: `words` is its row of `catalogue.csv` (price in EUR, tags separated by `|`)."""

    sku: str
    words: dict[str, str]
    build: Callable[[], Parts]

    @property
    def standing(self) -> bool:
        """Whether it stands on the table, to be photographed from lower than what lies on it."""
        return self.words["type"] == "ring" or "hoops" in self.words["tags"].split("|")


def pieces() -> list[Piece]:
    """Every piece, in the order of the catalogue; SKUs are unique."""
    with (files("lab.render") / "catalogue.csv").open(encoding="utf-8") as file:
        return [Piece(row["sku"], row, DESIGNS[row["sku"]]) for row in csv.DictReader(file)]
