"""The pieces that the sample shop sells: `catalogue.json` names each one's design, its words follow from that."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from importlib.resources import files

from lab.render.design import Design
from lab.render.designs import TYPES
from lab.render.parts import Parts
from lab.render.words import Words, words


@dataclass(frozen=True)
class Piece:
    """One item of the shop."""

    sku: str
    design: Design

    def words(self, parts: Parts) -> Words:
        return words(self.design, parts)

    @property
    def pose(self) -> str:
        """How the shop shows it: rings and hoops stand, pendants hang on a chain."""
        poses = self.design.poses()
        return "on chain" if "on chain" in poses else poses[0]

    @property
    def stock(self) -> int:
        return 1 + zlib.crc32(self.sku.encode()) % 12


def pieces() -> list[Piece]:
    """Every piece, in the order of the catalogue; SKUs are unique."""
    found = []
    for entry in json.loads((files("lab.render") / "catalogue.json").read_text(encoding="utf-8")):
        fields = {name: value for name, value in entry.items() if name not in ("sku", "type")}
        found.append(Piece(entry["sku"], TYPES[entry["type"]](**fields)))
    return found
