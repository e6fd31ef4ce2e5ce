"""Photos in, comparisons out: what is behind `/compare` and `/compare-copy`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import cv2

from services.embedder.analyse import Analyse
from services.embedder.compare.copies import CopyView, copy_check, copy_view, mirrored_view
from services.embedder.compare.evidence import evidence
from services.embedder.compare.features import features
from services.embedder.compare.kept import Kept
from services.embedder.compare.pair import Pair, paired
from services.embedder.compare.photo import Photo, prepared
from services.embedder.compare.points import PointFinder
from services.embedder.compare.reading import Reader
from services.embedder.compare.regions import regions
from services.embedder.compare.texts import text_found
from services.embedder.decoding import Decode, decode_here
from shared.contracts.comparing import (
    TEXT_VIEWS,
    Comparison,
    ComparisonAsked,
    Comparisons,
    CopyCheck,
    CopyChecks,
    PairCode,
    PictureAsked,
    SamePicture,
    TextFound,
    View,
)
from shared.contracts.comparing import Photo as PhotoTold
from shared.errors import InvalidInput

METHOD = "compare-2"
"""Another one whenever a feature changes: what is decided by the features is fitted to them."""
COPY_SIDE = 320
_ANOTHER_SIDE = 0.6
"""Cosine from which on two pieces that cannot be aligned are taken for the same from another side."""
_MOST_PIXELS = 1_600
"""Of a close-up's longer side that are read."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """`view` is of the whole picture; `lines` of a close-up alone."""

    photo: Photo
    view: CopyView
    lines: tuple[str, ...]


class Comparer:
    """Compares by one model. Safe to call from many threads. Keeps what it made of the pictures used last, by their
    hash: `kept` of them, about 2 MB each."""

    def __init__(
        self,
        analyse: Analyse,
        points: PointFinder,
        threads: int = 2,
        kept: int = 48,
        decode: Decode = decode_here,
    ) -> None:
        cv2.setNumThreads(1)  # the cores are shared by the threads of the service
        self._analyse = analyse
        self._decode = decode
        self._points = points
        self._reader = Reader()
        self._ready: Kept[_Ready] = Kept(kept)
        self._views: Kept[CopyView] = Kept(2 * kept)
        self._side_by_side = ThreadPoolExecutor(threads, "compare")
        self.method = f"{METHOD}+{analyse.model_version}"

    def compare(self, asked: ComparisonAsked, query: bytes, references: Sequence[bytes]) -> Comparisons:
        """The query against each reference. Raises `InvalidInput` where there are not as many as were told of, and
        `Permanent` for bytes that are no picture, as `Analyser` does."""
        if len(references) != len(asked.references):
            told = f"{len(asked.references)} references are told of, and {len(references)} pictures came."
            raise InvalidInput(told, errors=[{"path": "reference", "message": told}])
        reads = any(each.view in TEXT_VIEWS for each in asked.references)
        pictures = [
            (query, asked.query, reads),
            *((data, one, one.view in TEXT_VIEWS) for data, one in zip(references, asked.references, strict=True)),
        ]
        futures = [self._side_by_side.submit(self._of, *each) for each in pictures]
        first, *others = [future.result() for future in futures]
        mirrored = mirrored_view(first.view, self._points)
        one_by_one = partial(self._against, asked, first, mirrored)
        return Comparisons(
            method=self.method,
            query=_told(first),
            comparisons=list(self._side_by_side.map(one_by_one, others, (one.view for one in asked.references))),
        )

    def copies(self, query: bytes, references: Sequence[bytes]) -> CopyChecks:
        """Whether the query is a copy of each reference. Raises `Permanent` for bytes that are no picture."""
        view = self._view(query)
        mirrored = self._views.of(("mirrored", _sha256(query)), lambda: mirrored_view(view, self._points))
        checks = [copy_check(view, mirrored, self._view(data)) for data in references]
        return CopyChecks(method=METHOD, checks=checks)

    def close(self) -> None:
        """Finish what is being compared, then stop."""
        self._side_by_side.shutdown()

    def _of(self, data: bytes, asked: PictureAsked, reads: bool) -> _Ready:
        sha256 = _sha256(data)
        return self._ready.of((sha256, asked.box, reads), lambda: self._made(data, sha256, asked, reads))

    def _made(self, data: bytes, sha256: str, asked: PictureAsked, reads: bool) -> _Ready:
        look = self._analyse.look(data, asked.box)
        lines: list[str] = []
        if reads:
            lines = self._reader.lines(self._decode(data, _MOST_PIXELS, None, "query").rgb)
        return _Ready(prepared(sha256, look, self._points), copy_view(look.picture.rgb, self._points), tuple(lines))

    def _view(self, data: bytes) -> CopyView:
        def make() -> CopyView:
            return copy_view(self._decode(data, COPY_SIDE, None, "ingest").rgb, self._points)

        return self._views.of(_sha256(data), make)

    def _against(
        self, asked: ComparisonAsked, query: _Ready, mirrored: CopyView, reference: _Ready, view: View
    ) -> Comparison:
        pair = paired(query.photo, reference.photo, self._points)
        told = features(pair, self._analyse.about.form_dimension)
        check = copy_check(query.view, mirrored, reference.view)
        texts = _texts(asked, query, reference) if view in TEXT_VIEWS else []
        told |= {
            "same_picture": check.probability,
            "text": max((each.agreement for each in texts), default=0.0),
            "text_read": float(any(each.read is not None for each in texts)),
        }
        where = regions(pair)
        return Comparison(
            view=view,
            reference=_told(reference),
            features=told,
            codes=_codes(pair, told["deep"], texts),
            regions=where,
            texts=texts,
            same_picture=_same_picture(check),
            evidence=evidence(pair, where) if asked.evidence else None,
        )


def _texts(asked: ComparisonAsked, query: _Ready, reference: _Ready) -> list[TextFound]:
    """What is registered; where nothing is, what was read in the reference."""
    return [text_found(each, query.lines) for each in (asked.expected or reference.lines[:8])]


def _codes(pair: Pair, deep: float, texts: Sequence[TextFound]) -> list[PairCode]:
    told: dict[PairCode, bool] = {
        "other-side": pair.alignment is None and deep >= _ANOTHER_SIDE,
        "not-aligned": pair.alignment is None,
        "text-unread": bool(texts) and all(each.read is None for each in texts),
    }
    return [code for code, so in told.items() if so]


def _same_picture(check: CopyCheck) -> SamePicture:
    return SamePicture(probability=check.probability, edits=check.edits)


def _told(ready: _Ready) -> PhotoTold:
    photo = ready.photo
    return PhotoTold(
        sha256=photo.sha256,
        width=photo.frame.width,
        height=photo.frame.height,
        box=photo.box,
        confidence=photo.confidence,
        sharpness=round(photo.sharpness, 4),
        glare=round(photo.glare, 4),
        pixels=photo.pixels,
        codes=list(photo.codes),
        read=list(ready.lines),
    )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
