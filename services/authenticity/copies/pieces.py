"""The pieces of pictures that are compared: made once of a picture, kept as long as its shop consents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.authenticity.copies.consents import consenting
from services.authenticity.copies.degrees import Alike
from services.authenticity.copies.gallery import Entry
from services.authenticity.copies.signatures import WORDS, hash_word, mirrored, signatures
from services.authenticity.copies.tables import PieceRow
from shared.contracts.analysis import Box, Piece
from shared.contracts.fields import Vector
from shared.contracts.lookalikes import Fingerprints

_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Seen:
    """A piece as it is kept: `vector` is float32 [d] of unit length, as near as float16 holds it."""

    entry: Entry
    subject: str
    box: Box
    vector: Vector


def rows_of(
    tenant: str, subject: str, model_version: str, pieces: Sequence[Piece], hashes: Fingerprints
) -> list[dict[str, Any]]:
    """What is kept of a picture."""
    vectors = np.stack([piece.embedding() for piece in pieces]).astype(np.float32)
    signed = signatures(vectors)
    whole = hash_word(hashes.whole)
    return [
        {
            "tenant": tenant,
            "subject": subject,
            "model_version": model_version,
            "box": [piece.box.x0, piece.box.y0, piece.box.x1, piece.box.y1],
            "vector": vector.astype("<f2").tobytes(),
            "bits": np.append(bits, [whole, hash_word(digits)]).astype("<u8").tobytes(),
        }
        for piece, vector, bits, digits in zip(pieces, vectors, signed, hashes.boxes, strict=True)
    ]


def newer(session: Session, last: int) -> list[Entry]:
    """The next entries after a number, some at a time."""
    columns = (PieceRow.number, PieceRow.tenant, PieceRow.model_version, PieceRow.bits)
    found = session.execute(select(*columns).where(PieceRow.number > last).order_by(PieceRow.number).limit(_AT_ONCE))
    return [_entry(*row) for row in found]


def seen(session: Session, numbers: Sequence[int]) -> list[Seen]:
    """The pieces of these numbers that are still there and of a shop that consents now."""
    wanted = select(PieceRow).where(PieceRow.number.in_(numbers), PieceRow.tenant.in_(consenting()))
    return [_seen(row) for row in session.scalars(wanted)]


def seen_of(session: Session, tenant: str, subject: str, model_version: str) -> list[Seen]:
    """All pieces of a picture."""
    of_picture = (PieceRow.tenant == tenant, PieceRow.subject == subject, PieceRow.model_version == model_version)
    return [_seen(row) for row in session.scalars(select(PieceRow).where(*of_picture).order_by(PieceRow.number))]


def alike(ones: Sequence[Seen], others: Sequence[Seen]) -> tuple[Alike, Seen, Seen]:
    """How much two pictures are alike at best, and by which pieces. Looks are compared within one model alone."""
    best = max(((_cosine(a, b), a, b) for a in ones for b in others), key=lambda one: one[0])
    bits = min(_bits(a.entry, b.entry) for a in ones for b in others)
    return Alike(best[0], bits), best[1], best[2]


def _cosine(a: Seen, b: Seen) -> float:
    return float(a.vector @ b.vector) if a.entry.model_version == b.entry.model_version else 0.0


def _bits(a: Entry, b: Entry) -> int:
    """In how many bits the nearest of their hashes differ: of the whole or of the piece, as it is or mirrored."""
    return min(
        int(np.bitwise_count(turned ^ other))
        for mine in (a.whole, a.hash)
        for turned in (mine, mirrored(mine))
        for other in (b.whole, b.hash)
    )


def _entry(number: int, tenant: str, model_version: str, bits: bytes) -> Entry:
    words = np.frombuffer(bits, "<u8")
    return Entry(number, tenant, model_version, words[:WORDS], words[WORDS], words[WORDS + 1])


def _seen(row: PieceRow) -> Seen:
    vector = np.frombuffer(row.vector, "<f2").astype(np.float32)
    x0, y0, x1, y1 = row.box
    unit = vector / max(float(np.linalg.norm(vector)), 1e-9)
    entry = _entry(row.number, row.tenant, row.model_version, row.bits)
    return Seen(entry, row.subject, Box(x0=x0, y0=y0, x1=x1, y1=y1), np.asarray(unit, np.float32))
