"""A verification: which reference, what compares with it, what follows, and what of it is kept."""

from __future__ import annotations

import base64
import hashlib
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from services.authenticity import metrics, wording
from services.authenticity.comparing import Comparing
from services.authenticity.deciding import Model
from services.authenticity.finding import nearest
from services.authenticity.judging import Judgement, judge
from services.authenticity.keeping import Kept
from services.authenticity.registry import found
from services.authenticity.showing import pictures_of
from services.authenticity.tables import ReferencePictureRow, ReferenceRow
from shared import times
from shared.contracts.analysis import picture_key
from shared.contracts.comparing import (
    MAX_REFERENCES,
    TEXT_VIEWS,
    ComparisonAsked,
    Comparisons,
    PictureAsked,
    View,
)
from shared.contracts.fields import MAX_PICTURE_BYTES, Vector
from shared.contracts.references import ReferenceIn, ReferenceKind
from shared.contracts.verifying import (
    Compared,
    EvidencePicture,
    Reason,
    Retake,
    Verdict,
    Verification,
    VerifyAsked,
    VerifyQuery,
)
from shared.database import Database
from shared.errors import InvalidInput, NotFound
from shared.objectstore import ObjectStore

_MOST_FOUND = 2
_MOST_OF_SKU = 3
_MOST_EVIDENCE = 4
_AT_ONCE = 2
_ORDER = {"match": 0, "cannot_tell": 1, "mismatch": 2}


@dataclass(frozen=True)
class Candidate:
    """A reference with its pictures, the bytes of each beside it; those that show no piece are left out."""

    row: ReferenceRow
    said: ReferenceIn
    pictures: list[tuple[ReferencePictureRow, bytes]]


class Verifier:
    """`pictures` is the bucket `references`; `kept` is where verifications go."""

    def __init__(
        self, books: Database, pictures: ObjectStore, comparing: Comparing, kept: Kept, model: Model, days: float
    ) -> None:
        self._books = books
        self._pictures = pictures
        self._comparing = comparing
        self._kept = kept
        self._model = model
        self._days = timedelta(days=days)
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="comparing")

    def verify(self, asked: VerifyAsked, photos: Sequence[bytes]) -> Verification:
        """`photos` in the order of `asked.sent`; one that is there twice counts once.

        Raises `NotFound` for a claimed reference that the shop does not have, and as `Comparing` does.
        """
        began = time.monotonic()
        if len(photos) != len(asked.sent):
            raise InvalidInput("The photos are not those that were named.")
        different = {hashlib.sha256(photo).digest(): place for place, photo in reversed(list(enumerate(photos)))}
        places = sorted(different.values())
        photos, sent = [photos[place] for place in places], [asked.sent[place] for place in places]
        candidates = self._candidates(asked.tenant, asked.claimed, photos)
        judged = [(one, *self._judged(one, photos)) for one in candidates]
        made = (
            self._answer(asked.claimed, sent, *min(judged, key=lambda one: _rank(one[1])))
            if judged
            else (self._nothing(asked.claimed, sent), {})
        )
        self._kept.keep(asked.tenant, *made)
        metrics.VERIFICATIONS.labels(made[0].design.outcome).inc()
        metrics.VERIFYING.observe(time.monotonic() - began)
        return made[0]

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _candidates(self, tenant: str, claimed: VerifyQuery, photos: Sequence[bytes]) -> list[Candidate]:
        if claimed.reference_id:
            ids = [claimed.reference_id]
        elif claimed.sku:
            ids = self._of_sku(tenant, claimed.sku)
        else:
            ids = nearest(self._books, tenant, self._vectors(photos), _MOST_FOUND)
        return [self._candidate(tenant, reference_id) for reference_id in ids]

    def _vectors(self, photos: Sequence[bytes]) -> dict[str, list[Vector]]:
        """By the version of each loaded model, one a photo."""
        found: dict[str, list[Vector]] = {}
        for photo in photos:
            for analysis in self._comparing.analyse(photo).analyses:
                found.setdefault(analysis.model_version, []).append(analysis.pieces[0].embedding())
        return found

    def _of_sku(self, tenant: str, sku: str) -> list[str]:
        ours = select(ReferenceRow.reference_id).where(ReferenceRow.tenant == tenant, ReferenceRow.sku == sku)
        newest = ours.order_by(ReferenceRow.registered_at.desc(), ReferenceRow.reference_id).limit(_MOST_OF_SKU)
        with self._books.read() as session:
            ids = list(session.execute(newest).scalars())
        if not ids:
            raise NotFound(f"No reference of this shop is registered under the SKU {sku}.")
        return ids

    def _candidate(self, tenant: str, reference_id: str) -> Candidate:
        with self._books.read() as session:
            row = found(session, tenant, reference_id)
            pictures = [picture for picture in pictures_of(session, row) if picture.view != "scale"]
            pictures = pictures or pictures_of(session, row)
        read = [
            (picture, self._pictures.get(tenant, picture_key(picture.sha256), at_most=MAX_PICTURE_BYTES))
            for picture in pictures[:MAX_REFERENCES]
        ]
        return Candidate(row, ReferenceIn.model_validate(row.said), read)

    def _judged(self, one: Candidate, photos: Sequence[bytes]) -> tuple[Judgement, list[Comparisons]]:
        marks: dict[View, str | None] = {"hallmark": one.said.hallmark_text, "serial": one.said.serial_text}
        registered = {view: text for view, text in marks.items() if text}
        views: list[View] = [picture.view for picture, _ in one.pictures]  # type: ignore[misc] # as validated
        asked = ComparisonAsked(
            references=[PictureAsked(view=view) for view in views],
            evidence=True,
            expected=list(registered.values()) if any(view in TEXT_VIEWS for view in views) else [],
        )
        data = [picture for _, picture in one.pictures]
        compared = list(self._threads.map(lambda photo: self._comparing.compare(asked, photo, data), photos))
        return judge(compared, self._model, registered), compared

    def _answer(
        self,
        claimed: VerifyQuery,
        sent: Sequence[str],
        of: Candidate,
        judged: Judgement,
        compared: Sequence[Comparisons],
    ) -> tuple[Verification, dict[str, bytes]]:
        """The answer, and its pictures by name."""
        kind: ReferenceKind = of.said.kind
        shown: list[EvidencePicture] = []
        files: dict[str, bytes] = {}
        places = {picture.sha256: place for place, (picture, _) in enumerate(of.pictures)}
        for pair in judged.pairs:
            found_there, evidence = pair.comparison.reference.sha256, pair.comparison.evidence
            if evidence is None or found_there not in places or len(shown) == _MOST_EVIDENCE:
                continue
            name = f"{pair.photo}-{places[found_there]}"
            files[name] = base64.b64decode(evidence.picture)
            shown.append(
                EvidencePicture(
                    name=name,
                    photo=pair.photo,
                    view=pair.comparison.view,
                    url="",
                    width=evidence.width,
                    height=evidence.height,
                    sha256=hashlib.sha256(files[name]).hexdigest(),
                )
            )
        return self._made(
            claimed=claimed,
            sent=sent,
            design=judged.design,
            piece=judged.piece,
            reasons=judged.reasons,
            reference_id=of.row.reference_id,
            reference_title=of.said.title,
            reference_kind=kind,
            retakes=judged.retakes,
            pictures=shown,
            same_picture=judged.same_picture,
            reference_pictures=[picture.sha256 for picture, _ in of.pictures],
            reference_version=of.row.version,
            method=compared[0].method,
        ), files

    def _nothing(self, claimed: VerifyQuery, sent: Sequence[str]) -> Verification:
        unknown = Verdict(outcome="cannot_tell")
        reasons = [Reason(code="nothing-found", words=wording.of_reason("nothing-found"))]
        return self._made(claimed=claimed, sent=sent, design=unknown, piece=unknown, reasons=reasons, method="none")

    def _made(
        self,
        *,
        sent: Sequence[str],
        design: Verdict,
        piece: Verdict,
        method: str,
        retakes: Sequence[Retake] = (),
        reference_pictures: Sequence[str] = (),
        reference_version: int | None = None,
        **others: object,
    ) -> Verification:
        now = times.now()
        fields = {
            "verification_id": f"vrf_{uuid.uuid4().hex}",
            "created_at": times.moment_of(now),
            "expires_at": times.moment_of(now) + self._days,
            "design": design,
            "piece": piece,
            "words": wording.of_verdict(design.outcome, piece.outcome, helps=bool(retakes)),
            "retakes": list(retakes),
            "not_claimed": wording.NOT_CLAIMED,
            "compared": Compared(
                photos=list(sent),
                reference_pictures=list(reference_pictures),
                reference_version=reference_version,
                method=method,
                decided_by=self._model.version,
                what=wording.COMPARED,
            ),
        }
        return Verification.model_validate({**fields, **others})


def _rank(judged: Judgement) -> tuple[int, float]:
    """Of several references that may be meant: one that matches, else one that may, else the one that came nearest. As
    long as one may be meant, that another differs says nothing."""
    return _ORDER[judged.design.outcome], -(judged.design.probability or 0.0)
