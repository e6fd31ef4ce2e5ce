"""Stand-ins for the services that a gateway asks, each behind a real server."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI, Request, Response
from PIL import Image

from services.embedder.decoding import decode_here
from services.embedder.smaller import Smaller
from shared.contracts.analysis import Analysis, Attribute, Box, Piece, TrayAnalysis
from shared.contracts.catalogue_map import CatalogueMap, Gaps, PaletteRequest
from shared.contracts.fields import pack_vector
from shared.contracts.internal import (
    Analyses,
    CompletesRequest,
    ExperimentOf,
    Hit,
    HitList,
    HitLists,
    SearchRequest,
    SimilarRequest,
    Source,
    SuggestBatchRequest,
    SuggestRequest,
    TrayAnalyses,
    ValueCounts,
    VocabularyRequest,
)
from shared.contracts.kept import KeptOf, KeptPage, ShopperNames
from shared.contracts.models import Model, Models, ReindexStart, ReindexStatus
from shared.contracts.text import TEXT_DIMENSION, TextVectors
from shared.errors import Conflict, NotFound, Retryable, UnreadablePicture
from shared.observability.http import create_app
from tests.support.broker import free_port
from tests.support.waiting import until

LOADED = Model(version="model-2", dimension=48, no_match_below=0.5, look_at_least=0.5)


CLEAN_PHOTO = b"a photo without faces"


CUT_OUT = b"a piece on nothing"


def empty_tray() -> TrayAnalysis:
    return TrayAnalysis(model_version=LOADED.version, width=400, height=300, pieces=[])


@dataclass
class Upstreams:
    """Stand-ins for the services that the gateway asks, at their HTTP contract.

    `hits` is what the recommender answers, `counted` when it is asked for the shop's vocabulary, and `seen`
    what the embedder does of a photo in which nobody drew a box. `texts` are those that it was asked for. `tray` is
    what it sees on the photo of one, `clean` what it makes of a photo to be kept.
    `map` and `gaps` are what the recommender knows of the shop's catalogue.
    """

    embedder_url: str = "http://127.0.0.1:1"
    recommender_url: str = "http://127.0.0.1:1"
    indexer_url: str = "http://127.0.0.1:1"
    hits: HitList = field(default_factory=lambda: HitList(hits=[]))
    counted: ValueCounts = field(default_factory=lambda: ValueCounts(pictures=0, values={}))
    seen: list[Analysis] = field(default_factory=lambda: [analysis("0" * 64), analysis("0" * 64, "model-2")])
    asked: list[Any] = field(default_factory=list)
    request_ids: list[str] = field(default_factory=list)
    mirrored: int = 0
    without_faces: list[bytes] = field(default_factory=list)
    clean: bytes = CLEAN_PHOTO
    map: CatalogueMap = field(default_factory=lambda: CatalogueMap(state="making"))
    gaps: Gaps = field(default_factory=lambda: Gaps(gaps=[]))
    cut_out: list[bytes] = field(default_factory=list)
    cuts: bool = True
    made_smaller: list[int] = field(default_factory=list)
    too_busy: bool = False
    texts: list[str] = field(default_factory=list)
    loaded: Model = LOADED
    tray: TrayAnalyses = field(default_factory=lambda: TrayAnalyses(analyses=[empty_tray()]))
    experiments: dict[str, ExperimentOf] = field(default_factory=dict)
    kept: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    shoppers: list[str] = field(default_factory=list)

    def embedder(self) -> FastAPI:
        app = create_app("embedder", {})

        @app.post("/analyse")
        async def analyse(request: Request, box: str | None = None, mirror: bool = False) -> Analyses:
            self.request_ids.append(request.headers["x-request-id"])
            self.mirrored += mirror
            data = await request.body()
            try:
                Image.open(io.BytesIO(data)).load()
            except OSError as error:
                raise UnreadablePicture("The picture is cut off. Send it again.") from error
            boxes = [Box.model_validate_json(box)] if box else []
            drawn = [analysis("0" * 64, each.model_version, boxes) for each in self.seen] if boxes else self.seen
            return Analyses(analyses=drawn)

        @app.post("/analyse-tray")
        async def analyse_tray(request: Request) -> TrayAnalyses:
            assert await request.body()
            return self.tray

        @app.post("/without-faces")
        async def without_faces(request: Request) -> Response:
            self.without_faces.append(await request.body())
            return Response(self.clean, media_type="image/jpeg")

        @app.post("/cutout")
        async def cutout(request: Request) -> Response:
            self.cut_out.append(await request.body())
            if not self.cuts:
                raise NotFound("No piece was found in this picture that could be cut out.")
            return Response(CUT_OUT, media_type="image/png")

        @app.post("/smaller")
        async def smaller(request: Request, width: int) -> Response:
            data = await request.body()
            self.made_smaller.append(width)
            if self.too_busy:
                raise Retryable("The embedder is starting. Try again.")
            return Response(Smaller(decode_here)(data, width), media_type="image/webp")

        @app.get("/models")
        async def models() -> Models:
            return Models(models=[self.loaded])

        @app.post("/analyse-text")
        async def analyse_text(asked: dict[str, list[str]]) -> list[TextVectors]:
            self.texts += asked["texts"]
            return [text_vectors(text) for text in asked["texts"]]

        return app

    def recommender(self) -> FastAPI:
        app = create_app("recommender", {})

        def answer(asked: Any) -> HitList:
            self.asked.append(asked)
            return self.hits

        @app.post("/search")
        def search(asked: SearchRequest) -> HitList:
            return answer(asked)

        @app.post("/vocabulary")
        def vocabulary(_asked: VocabularyRequest) -> ValueCounts:
            return self.counted

        @app.post("/completes")
        def completes(asked: CompletesRequest) -> HitList:
            return answer(asked)

        @app.post("/similar")
        def similar(asked: SimilarRequest) -> HitList:
            return answer(asked)

        @app.post("/suggest")
        def suggest(asked: SuggestRequest) -> HitList:
            return answer(asked)

        @app.post("/suggest-batch")
        def suggest_batch(asked: SuggestBatchRequest) -> HitLists:
            return HitLists(lists=[answer(asked) for _ in asked.user_ids])

        @app.post("/kept")
        def kept(asked: KeptOf) -> KeptPage:
            return KeptPage(kept=self.kept.get(asked.store, []))

        @app.get("/shoppers")
        def shoppers(tenant: str, after: str = "") -> ShopperNames:
            return ShopperNames(shoppers=self.shoppers if tenant == "shop" else [], last=True)

        @app.get("/map")
        def catalogue_map(tenant: str) -> CatalogueMap:
            return self.map if tenant == "shop" else CatalogueMap(state="empty")

        @app.get("/map/gaps")
        def gaps(tenant: str) -> Gaps:
            return self.gaps if tenant == "shop" else Gaps(gaps=[])

        @app.post("/palette")
        def palette(asked: PaletteRequest) -> HitList:
            return answer(asked)

        @app.get("/experiment")
        def experiment(tenant: str) -> ExperimentOf:
            return self.experiments.get(tenant, ExperimentOf(tenant=tenant))

        @app.put("/experiment")
        def put_experiment(given: ExperimentOf) -> ExperimentOf:
            self.experiments[given.tenant] = given
            return given

        return app

    def indexer(self) -> FastAPI:
        app = create_app("indexer", {})
        status = ReindexStatus(collections=[], words="Going on.")

        @app.get("/reindex")
        @app.post("/reindex/switch")
        @app.post("/reindex/abort")
        def look() -> ReindexStatus:
            return status

        @app.post("/reindex", status_code=202)
        def start(asked: ReindexStart) -> ReindexStatus:
            if asked in self.asked:
                raise Conflict("The index is being filled already.")
            self.asked.append(asked)
            return status

        return app


@contextmanager
def running_upstreams() -> Iterator[Upstreams]:
    upstreams = Upstreams()
    apps = (upstreams.embedder(), upstreams.recommender(), upstreams.indexer())
    with served(apps[0]) as embedder, served(apps[1]) as recommender, served(apps[2]) as indexer:
        upstreams.embedder_url, upstreams.recommender_url, upstreams.indexer_url = embedder, recommender, indexer
        yield upstreams


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The app behind a real server; its URL."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started, "the server has started")
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def analysis(sha256: str, model_version: str = "model-1", boxes: Sequence[Box] = (Box(),)) -> Analysis:
    """A ring in each box; the vector of piece n is along axis n."""
    ring = Attribute(value="ring", confidence=0.8)
    vectors = np.eye(len(boxes), 4, dtype=np.float32)
    pieces = [Piece(box=box, vector=pack_vector(vector), type=ring) for box, vector in zip(boxes, vectors, strict=True)]
    return Analysis(sha256=sha256, model_version=model_version, width=48, height=40, pieces=pieces)


def text_vectors(text: str) -> TextVectors:
    """Told apart by the length of the text."""
    dense = np.eye(1, TEXT_DIMENSION, len(text) % TEXT_DIMENSION, dtype=np.float32)[0]
    return TextVectors(model_version="text-1", dense=pack_vector(dense), terms={len(text): 1.0})


def hit(sku: str, image_id: str, score: float = 0.934, source: Source | None = None) -> Hit:
    return Hit(sku=sku, image_id=image_id, score=score, source=source or Source(kind="picture"))
