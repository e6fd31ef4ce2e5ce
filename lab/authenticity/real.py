"""Claims about real photographs: two of one piece, and of two pieces of one shop that look most alike."""

from __future__ import annotations

import numpy as np

from lab.authenticity.pairs import Claim
from lab.evaluate import sets

MOST = 150
SAME, NEAREST = "real photos of one piece", "real photos of two pieces that look alike"


def real_claims() -> list[Claim]:
    """Of the test shops of `samepiece`, a photo of each of up to 150 pieces against another of it, and against that of
    another piece that is nearest by the model's vector. Empty where the real pictures are not."""
    if not sets_are_here():
        return []
    from lab.models import open_model
    from lab.vectors import vectors_of
    from services.embedder.manifest import SHIPPED

    records = sets.of("samepiece", split="test")
    gallery, queries = sets.first_against_rest(records)
    one_each = list({record.item_id: record for record in queries}.values())
    chosen = [one_each[i] for i in np.random.default_rng(3).permutation(len(one_each))[:MOST]]
    model = open_model(str(SHIPPED))
    near = vectors_of(model, chosen) @ vectors_of(model, gallery).T
    claims = []
    for record, cosines in zip(chosen, near, strict=True):
        own = np.array([other.item_id == record.item_id for other in gallery])
        theirs = gallery[int(np.argmax(np.where(own, -1.0, cosines)))]
        mine = gallery[int(np.argmax(own))]
        claims.append(Claim(record.path, mine.path, "same", SAME, record.item_id))
        claims.append(Claim(record.path, theirs.path, "other", NEAREST, record.item_id))
    return claims


def sets_are_here() -> bool:
    from lab.datasets import JEWELRY

    return (JEWELRY / "manifest.csv").is_file()
