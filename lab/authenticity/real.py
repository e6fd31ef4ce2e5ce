"""Claims about real photographs: two of one piece, of two pieces that look most alike, and of any two."""

from __future__ import annotations

import numpy as np

from lab.authenticity.pairs import REAL_NEAREST, REAL_OTHERS, REAL_SAME, Claim
from lab.evaluate import sets


def real_claims(*splits: str) -> list[Claim]:
    """Of the shops of `samepiece` in these splits, each photo against every other of its piece, against that of another
    piece which is nearest by the model's vector, and against one by chance; pieces are of one split each. Empty where
    the real pictures are not."""
    return [claim for split in splits for claim in _of_split(split)] if sets_are_here() else []


def _of_split(split: str) -> list[Claim]:
    from lab.models import open_model
    from lab.vectors import vectors_of
    from services.embedder.manifest import SHIPPED

    records = sets.of("samepiece", split=split)
    vectors = vectors_of(open_model(str(SHIPPED)), records)
    items = np.array([record.item_id for record in records])
    random, claims = np.random.default_rng(3), []
    for place, (record, near) in enumerate(zip(records, vectors @ vectors.T, strict=True)):
        own = items == record.item_id
        nearest, chance = int(np.argmax(np.where(own, -1.0, near))), int(random.choice(np.flatnonzero(~own)))
        claims += [
            Claim(record.path, records[other].path, "same", REAL_SAME, record.item_id, real=True)
            for other in np.flatnonzero(own).tolist()
            if other != place
        ]
        for other, kind in ((nearest, REAL_NEAREST), (chance, REAL_OTHERS)):
            claims.append(Claim(record.path, records[other].path, "other", kind, record.item_id, 1.0, real=True))
    return claims


def sets_are_here() -> bool:
    from lab.datasets import JEWELRY

    return (JEWELRY / "manifest.csv").is_file()
