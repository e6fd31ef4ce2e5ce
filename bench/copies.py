"""What finding copies costs a picture, at the size of a market: `python -m bench.copies [PIECES]`.

By time of this thread, so that what else a machine does hardly counts. The check of a pair by its pictures is not in
it: most pictures are near to none.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from services.authenticity.copies.gallery import Entry, Gallery
from services.authenticity.copies.matching import worth_checking
from services.authenticity.copies.pieces import rows_of, seen_of
from services.authenticity.copies.signatures import signatures
from services.authenticity.copies.tables import ConsentRow, PieceRow, WatchedRow
from services.authenticity.main import MIGRATIONS
from services.embedder.fingerprint import fingerprints
from shared import database
from shared.contracts.analysis import Box, Piece
from shared.contracts.fields import Vector, pack_vector
from shared.contracts.lookalikes import Fingerprints

PIECES = 500_000
DIMENSION = 288
_QUERIES = 30
_BLOCK = 20_000
_KEPT = 2_000
"""Pieces that are in the database as well; the others are in memory alone."""


def clusters(count: int, seed: int) -> Vector:
    """Unit vectors as of pieces: of 500 kinds, those of a kind with a cosine of about 0.7."""
    random = np.random.default_rng(seed)
    kinds = np.random.default_rng(0).normal(size=(500, DIMENSION))
    found = kinds[random.integers(0, 500, count)] + 0.65 * random.normal(size=(count, DIMENSION))
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def main(count: int) -> None:
    gallery = Gallery(count)
    random = np.random.default_rng(1)
    for start in range(0, count, _BLOCK):
        bits = signatures(clusters(min(_BLOCK, count - start), start + 1))
        words = random.integers(0, 2**63, (len(bits), 2), np.uint64)
        numbers = range(_KEPT + start + 1, _KEPT + start + 1 + len(bits))
        gallery.add(
            [Entry(n, "other", "m", bit, pair[0], pair[1]) for n, bit, pair in zip(numbers, bits, words, strict=True)]
        )
    with tempfile.TemporaryDirectory() as folder:
        books = database.open(f"sqlite:///{Path(folder)}/copies.db")
        books.migrate(MIGRATIONS)
        took = _timed(books, gallery)
        books.close()
    for name, seconds in took.items():
        ordered = sorted(1_000 * one for one in seconds)
        print(
            f"{name:<34} median {statistics.median(ordered):6.1f} ms  p95 {ordered[int(0.95 * len(ordered))]:6.1f} ms"
        )


def _timed(books: database.Database, gallery: Gallery) -> dict[str, list[float]]:
    _fill(books)
    photo = Path("tests/fixtures/query_photos")
    took: dict[str, list[float]] = {"propose, of all in memory": [], "look, of 64 in the database": []}
    took["hash, decoded in this process"] = [_fingerprinted(one.read_bytes()) for one in sorted(photo.glob("*.jpg"))]
    with books.read() as session:
        row = session.get_one(WatchedRow, 1)
        mine = seen_of(session, row.tenant, row.subject, row.model_version)
        for query in range(_QUERIES):
            began = time.thread_time()
            gallery.nearest(mine[0].entry, 64)
            proposed = time.thread_time()
            worth_checking(session, row, mine, range(2 + 60 * query, 66 + 60 * query))
            took["propose, of all in memory"].append(proposed - began)
            took["look, of 64 in the database"].append(time.thread_time() - proposed)
    return took


def _fill(books: database.Database) -> None:
    vectors = clusters(_KEPT, 7)
    with books.write() as session:
        for tenant in ("mine", "other"):
            session.add(ConsentRow(tenant=tenant, consents=True, since=0))
        for number, vector in enumerate(vectors):
            tenant = "other" if number else "mine"
            subject = f"image-{number}"
            session.add(
                WatchedRow(
                    tenant=tenant,
                    subject=subject,
                    model_version="m",
                    state="looked",
                    sku=f"S-{number}",
                    item_revision=1,
                    sha256=f"{number:064x}",
                )
            )
            piece = Piece(vector=pack_vector(vector), box=Box())
            hashes = Fingerprints(whole=f"{number:016x}", boxes=[f"{number:016x}"])
            session.add_all(PieceRow(**one) for one in rows_of(tenant, subject, "m", [piece], hashes))


def _fingerprinted(picture: bytes) -> float:
    began = time.thread_time()
    fingerprints(picture, [Box(x0=0.1, y0=0.1, x1=0.9, y1=0.9)])
    return time.thread_time() - began


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PIECES)
