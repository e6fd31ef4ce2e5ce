"""The main piece of one photo as a model sees it, with the pixels it saw: for what looks closer than a vector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.embedder.decode import Picture
from services.embedder.find import Find, Found
from services.embedder.heads import Logits
from shared.contracts.analysis import AttributeName
from shared.contracts.fields import Vector


@dataclass(frozen=True, slots=True)
class Look:
    """`picture` has pixels enough to look at `found` closely. `vector` float32 (d,) is the model's, before what a
    shop's catalogue taught it; `shares` are each head's probabilities, (K,). `find` finds pieces in other pictures."""

    picture: Picture
    found: Found
    vector: Vector
    shares: Mapping[AttributeName, Logits]
    find: Find
