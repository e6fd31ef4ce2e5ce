"""An authenticity service behind a gateway, each with a database of its own; what looks at pictures is a stand-in."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from fastapi.testclient import TestClient

from services.authenticity import main
from services.authenticity.comparing import Comparing
from services.authenticity.settings import Settings
from shared import messaging
from shared.contracts.analysis import Analysis, Box, Piece
from shared.contracts.comparing import (
    FEATURES,
    Comparison,
    ComparisonAsked,
    Comparisons,
    Evidence,
    PairCode,
    Photo,
    QualityCode,
    Region,
    SamePicture,
    TextFound,
)
from shared.contracts.fields import pack_vector
from shared.contracts.internal import Analyses
from shared.contracts.models import Model, Models
from shared.errors import UnreadablePicture
from shared.service import Service
from tests.support.databases import migrated
from tests.support.gateway import NOBODY, Stand, running_gateway
from tests.support.pictures import drawing
from tests.support.upstreams import served

DECISION = Path(__file__).parents[1] / "fixtures" / "decision.json"
"""It says when a design matches; that which ships does not."""
SIGNING_KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
_ALIKE = {
    "aligned": 1.0,
    "query_sharpness": 0.3,
    "query_pixels": 400.0,
    "inliers": 4.0,
    "deep": 0.98,
    "structure": 0.95,
    "dense": 0.95,
    "outline": 0.98,
    "structure_worst": 0.1,
    "dense_worst": 0.1,
    "outline_worst": 0.05,
    "colour_worst": 0.05,
}
_UNLIKE = _ALIKE | {"structure": 0.3, "structure_worst": 0.95, "dense": 0.3, "dense_worst": 0.95, "outline": 0.7}
_BLURRED = _ALIKE | {"query_sharpness": 0.01}
_BETWEEN = _ALIKE | {"structure": 0.5, "structure_worst": 0.8, "dense": 0.5, "dense_worst": 0.7}
_OTHER_SIDE = _UNLIKE | {"inliers": 0.0, "deep": 0.7}
_ANOTHER = {"query_sharpness": 0.3, "query_pixels": 400.0, "deep": 0.1}
DRAWN = drawing(1)
HOW: dict[str, dict[str, float]] = {
    "alike": _ALIKE,
    "unlike": _UNLIKE,
    "blurred": _BLURRED,
    "between": _BETWEEN,
    "other side": _OTHER_SIDE,
    "another": _ANOTHER,
}


@dataclass
class Looking:
    """Implements `Comparing` by what it is told: of each photo (by its bytes) how it compares with all pictures, or
    with one (`of`, by the bytes of both), what text is read in a close-up, and the vector of each picture. What it was
    told nothing of is `alike`."""

    how: dict[bytes, str] = field(default_factory=dict)
    of: dict[tuple[bytes, bytes], str] = field(default_factory=dict)
    read: dict[bytes, str] = field(default_factory=dict)
    vectors: dict[bytes, Sequence[float]] = field(default_factory=dict)
    codes: dict[bytes, list[QualityCode]] = field(default_factory=dict)
    unreadable: set[bytes] = field(default_factory=set)
    version: str = "m"
    compared: int = 0

    def models(self) -> Models:
        return Models(models=[Model(version=self.version, dimension=4, no_match_below=0.5, look_at_least=0.5)])

    def analyse(self, picture: bytes) -> Analyses:
        vector = np.asarray(self.vectors.get(picture, (1.0, 0.0, 0.0, 0.0)), np.float32)
        piece = Piece(vector=pack_vector(vector / np.linalg.norm(vector)))
        sha256 = hashlib.sha256(picture).hexdigest()
        return Analyses(
            analyses=[Analysis(sha256=sha256, model_version=self.version, width=64, height=64, pieces=[piece])]
        )

    def compare(self, asked: ComparisonAsked, query: bytes, references: Sequence[bytes]) -> Comparisons:
        self.compared += 1
        if query in self.unreadable:
            raise UnreadablePicture("The picture is cut off. Send it again.")
        return Comparisons(
            method="told-1",
            query=self._photo(query),
            comparisons=[
                self._comparison(asked, query, reference, told.view)
                for reference, told in zip(references, asked.references, strict=True)
            ],
        )

    def close(self) -> None:
        pass

    def _comparison(self, asked: ComparisonAsked, query: bytes, reference: bytes, view: Any) -> Comparison:
        how = self.of.get((query, reference), self.how.get(query, "alike"))
        region = Region(
            kind="differs" if how in ("unlike", "other side") else "alike",
            what="structure",
            query=Box(x0=0.2, y0=0.2, x1=0.4, y1=0.4),
            reference=Box(x0=0.2, y0=0.2, x1=0.4, y1=0.4),
            strength=0.9,
            area=0.04,
        )
        texts, codes = self._texts(asked, query) if view in ("hallmark", "serial") else ([], [])
        return Comparison(
            view=view,
            reference=self._photo(reference),
            features={name: HOW[how].get(name, 0.0) for name in FEATURES},
            codes=codes,
            regions=[region],
            texts=texts,
            same_picture=SamePicture(probability=0.99 if query == reference else 0.01),
            evidence=_SHOWN if asked.evidence else None,
        )

    def _texts(self, asked: ComparisonAsked, query: bytes) -> tuple[list[TextFound], list[PairCode]]:
        read = self.read.get(query)
        found = [
            TextFound(
                expected=expected,
                read=read,
                agreement=1.0 if read == expected else 0.4 if read else 0.0,
                differs=[] if read in (expected, None) else [0],
            )
            for expected in asked.expected
        ]
        return found, [] if read else ["text-unread"]

    def _photo(self, picture: bytes) -> Photo:
        return Photo(
            sha256=hashlib.sha256(picture).hexdigest(),
            width=64,
            height=64,
            box=Box(),
            confidence=1.0,
            sharpness=0.3,
            glare=0.0,
            pixels=64,
            codes=self.codes.get(picture, []),
            read=[self.read[picture]] if picture in self.read else [],
        )


_SHOWN = Evidence(picture=base64.b64encode(drawing(5, side=64)).decode(), width=64, height=64)


@dataclass
class House:
    """`client` is the shop's program, `looking` what sees; `stand` has the gateway with another shop's key."""

    stand: Stand
    service: Service
    looking: Looking
    books: str
    """The URL of the service's database."""

    @property
    def client(self) -> TestClient:
        return self.stand.client

    def register(self, *pictures: bytes, views: Sequence[str] = (), **said: Any) -> dict[str, Any]:
        record = {"kind": "piece", "title": "Halo ring"} | said
        pictures = pictures or (DRAWN,)
        data = {"record": json.dumps(record), "views": json.dumps(list(views) or ["front"] * len(pictures))}
        answer = self.client.post("/v1/references", files=files(*pictures), data=data)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def verify(self, *photos: bytes, **claimed: str) -> dict[str, Any]:
        answer = self.client.post("/v1/verify", files=files(*photos), data={"query": json.dumps(claimed)})
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()
        return made


def files(*pictures: bytes) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("image", ("p.png", picture, "image/png")) for picture in pictures]


@contextmanager
def running_house(folder: Path, url: str = "", comparing: Comparing | None = None, **settings: Any) -> Iterator[House]:
    """`url`: of an empty database; without it, SQLite in `folder`. `settings` are the authenticity service's.
    `comparing`: what sees, in place of the stand-in."""
    looking = Looking()
    url = url or f"sqlite:///{folder}/authenticity.db"
    with (
        running_authenticity(folder, comparing or looking, url, **settings) as (service, address),
        running_gateway(folder, authenticity_url=address) as stand,
    ):
        yield House(stand, service, looking, url)


@contextmanager
def running_authenticity(
    folder: Path, looking: Comparing, url: str = "", **settings: Any
) -> Iterator[tuple[Service, str]]:
    """A service, and the URL at which it is served."""
    url = migrated(url or f"sqlite:///{folder}/authenticity.db", main.MIGRATIONS)
    given: dict[str, Any] = {
        "broker_url": NOBODY,
        "object_store_url": f"file://{folder}/objects",
        "database_url": url,
        "signing_key": SIGNING_KEY,
        "decision": DECISION,
    }
    broker = messaging.open(NOBODY, "authenticity")
    service = main.build(Settings(**given | settings), broker, looking)
    with served(service.http) as address:
        yield service, address
    service.close()
    broker.close()
