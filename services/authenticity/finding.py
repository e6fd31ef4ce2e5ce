"""Which of a shop's own references a photo may show, by the vectors of their pictures; no other shop's are seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from sqlalchemy import select

from services.authenticity.measuring import unpacked
from services.authenticity.tables import ReferencePictureRow
from shared.contracts.fields import Vector
from shared.database import Database

NEAR = 0.5
"""Cosine from which two photos may be of one piece. Low: what is compared then decides, not this."""
_AT_ONCE = 2_000


def nearest(books: Database, tenant: str, queries: Mapping[str, Sequence[Vector]], most: int) -> list[str]:
    """The ids of up to `most` references, the likeliest first, by the largest cosine of any two pictures.

    `queries`: by the version of each loaded model, unit vectors of shape (d,) of the photos; that of a picture is held
    against its own model's. The shop's vectors pass in batches, so memory is bounded.
    """
    asked = {version: np.stack(vectors) for version, vectors in queries.items()}
    best: dict[str, float] = {}
    after = ("", "")
    while True:
        page = _page(books, tenant, list(asked), after)
        if not page:
            break
        for reference_id, _, version, kept in page:
            cosine = float(np.max(asked[version] @ unpacked(kept)))
            best[reference_id] = max(best.get(reference_id, -1.0), cosine)
        if len(page) < _AT_ONCE:
            break
        after = page[-1][0], page[-1][1]
    likely = sorted((one for one in best.items() if one[1] >= NEAR), key=lambda one: (-one[1], one[0]))
    return [reference_id for reference_id, _ in likely[:most]]


def _page(
    books: Database, tenant: str, versions: Sequence[str], after: tuple[str, str]
) -> Sequence[tuple[str, str, str, bytes]]:
    row = ReferencePictureRow
    wanted = select(row.reference_id, row.sha256, row.model_version, row.vector).where(
        row.tenant == tenant,
        row.model_version.in_(versions),
        (row.reference_id > after[0]) | ((row.reference_id == after[0]) & (row.sha256 > after[1])),
    )
    with books.read() as session:
        rows = session.execute(wanted.order_by(row.reference_id, row.sha256).limit(_AT_ONCE)).all()
    return [(one.reference_id, one.sha256, one.model_version, one.vector) for one in rows]
