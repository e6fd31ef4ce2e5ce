"""The whole embedder: its HTTP app, and its queue over a real broker, with the shipped model."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image, ImageOps

from services.embedder.main import build
from services.embedder.manifest import SHIPPED, model_of, read_manifest
from services.embedder.settings import Settings
from services.embedder.text_encoder import TextEncoder
from services.indexer.settings import Settings as IndexerSettings
from shared import messaging, objectstore
from shared.contracts.analysis import Box, analysis_key, picture_key
from shared.contracts.fields import MAX_PICTURE_BYTES, Vector
from shared.contracts.internal import Analyses
from shared.contracts.messages import (
    ImageAnalysed,
    ImageRejected,
    ImageStored,
    ItemChanged,
    ItemFields,
    ItemTextAnalysed,
    Message,
)
from shared.contracts.models import Models
from shared.contracts.text import MAX_TEXT, MAX_TEXTS, TextVectors, text_key
from shared.messaging import Consumer, Subscription
from shared.service import Service
from tests.support.broker import RunningBroker
from tests.support.drawn_pieces import drawn_pieces, jpeg
from tests.support.waiting import until

TENANT = "acme"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    broker = RunningBroker(tmp_path_factory.mktemp("broker"))
    store = tmp_path_factory.mktemp("objects")
    yield Settings(broker_url=broker.url, object_store_url=store.as_uri(), threads=2)
    broker.stop()


@pytest.fixture(scope="module")
def embedder(settings: Settings) -> Iterator[Service]:
    broker = messaging.open(settings.broker_url, "embedder")
    service = build(settings, broker)
    yield service
    service.close()
    broker.close()


@pytest.fixture(scope="module")
def http(embedder: Service) -> TestClient:
    return TestClient(embedder.http)


def stored(settings: Settings, data: bytes) -> ImageStored:
    sha256 = hashlib.sha256(data).hexdigest()
    objectstore.open(settings.object_store_url, "pictures").put(TENANT, picture_key(sha256), data)
    return ImageStored(
        tenant=TENANT, correlation_id="c-1", sku="RING-1", image_id="0" * 36, sha256=sha256, item_revision=1
    )


def test_analyse_answers_the_analysis_of_the_body(http: TestClient) -> None:
    piece = drawn_pieces(1)[0]
    data = jpeg(piece)
    response = http.post("/analyse", content=data)
    assert response.status_code == 200
    (analysis,) = Analyses.model_validate(response.json()).analyses
    manifest = read_manifest(SHIPPED)
    assert analysis.sha256 == hashlib.sha256(data).hexdigest()
    assert analysis.model_version == manifest.version
    assert (analysis.width, analysis.height) == piece.size
    vector = analysis.pieces[0].embedding()
    assert vector.shape == (manifest.dimension,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    ("data", "status", "word"),
    [
        (b"", 415, "no bytes"),
        (b"a letter", 415, "JPEG"),
        (jpeg(drawn_pieces(1)[0])[:4_000], 422, "damaged"),
        (bytes(MAX_PICTURE_BYTES + 1), 413, "20 MB"),
    ],
    ids=["no bytes", "text", "truncated", "too many bytes"],
)
def test_bad_input_is_a_problem_document_that_says_what_to_do(
    http: TestClient, data: bytes, status: int, word: str
) -> None:
    response = http.post("/analyse", content=data)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert word in response.json()["detail"]


def test_a_box_is_analysed_alone_and_the_answer_has_it(http: TestClient) -> None:
    data = jpeg(drawn_pieces(1)[0])
    box = Box(x0=0.25, y0=0.25, x1=0.75, y1=0.75)
    (analysis,) = Analyses.model_validate(
        http.post("/analyse", params={"box": box.model_dump_json()}, content=data).json()
    ).analyses
    (piece,) = analysis.pieces
    (whole,) = Analyses.model_validate(http.post("/analyse", content=data).json()).analyses[0].pieces
    assert (piece.box, whole.box) == (box, Box())
    assert piece.embedding() @ whole.embedding() < 0.99


def test_the_mirror_image_is_analysed_when_it_is_asked_for(http: TestClient) -> None:
    def embedding(piece: Image.Image, query: str = "") -> Vector:
        data = io.BytesIO()
        piece.save(data, "PNG")
        answer = http.post(f"/analyse{query}", content=data.getvalue())
        return Analyses.model_validate(answer.json()).analyses[0].pieces[0].embedding()

    piece = drawn_pieces(1)[0]
    mirrored = embedding(piece, "?mirror=true")
    assert float(mirrored @ embedding(ImageOps.mirror(piece))) > 0.9999
    assert float(mirrored @ embedding(piece)) < 0.9999


@pytest.mark.parametrize(
    ("box", "status", "path"),
    [
        ("no box", 400, None),
        ('{"x0": 0.5, "x1": 0.5}', 422, "box"),
        ('{"x1": 1.5}', 422, "box.x1"),
        ('{"x1": 0.01}', 422, "query.box"),
        ('{"x1": 0.01' + " " * 500 + "}", 422, "query.box"),
    ],
)
def test_a_box_that_is_none_is_refused(http: TestClient, box: str, status: int, path: str | None) -> None:
    response = http.post("/analyse", params={"box": box}, content=jpeg(drawn_pieces(1)[0]))
    assert response.status_code == status
    assert [error["path"] for error in response.json().get("errors", [])] == ([path] if path else [])


def test_an_endless_body_is_given_up_at_the_limit(embedder: Service) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 10 * MAX_PICTURE_BYTES:
            sent += 1_000_000
            yield bytes(1_000_000)

    async def post() -> int:
        transport = httpx.ASGITransport(embedder.http)
        async with httpx.AsyncClient(transport=transport, base_url="http://embedder") as client:
            return (await client.post("/analyse", content=endless())).status_code

    assert asyncio.run(post()) == 413
    assert sent <= MAX_PICTURE_BYTES + 2_000_000


def test_texts_are_answered_in_their_order(http: TestClient) -> None:
    response = http.post("/analyse-text", json={"texts": ["Emerald ring", "Pearl earrings", "ring with an emerald"]})
    assert response.status_code == 200
    ring, pearls, again = (TextVectors.model_validate(one) for one in response.json())
    assert ring.meaning() @ again.meaning() > ring.meaning() @ pearls.meaning() + 0.2
    assert len(ring.terms.keys() & again.terms.keys()) == 2
    assert not ring.terms.keys() & pearls.terms.keys()


@pytest.mark.parametrize("texts", [[], ["x"] * (MAX_TEXTS + 1), ["x" * (MAX_TEXT + 1)]], ids=["none", "many", "long"])
def test_too_many_or_too_long_texts_are_refused(http: TestClient, texts: list[str]) -> None:
    assert http.post("/analyse-text", json={"texts": texts}).status_code == 422


def test_it_tells_which_models_it_has_and_what_their_cosines_mean(http: TestClient) -> None:
    manifest = read_manifest(SHIPPED)
    (model,) = Models.model_validate(http.get("/models").json()).models
    assert (model.version, model.dimension) == (manifest.version, manifest.dimension)
    assert (model.no_match_below, model.look_at_least) == (manifest.no_match_below, manifest.look_at_least)


def test_the_indexer_begins_an_empty_index_with_the_shipped_model(settings: Settings) -> None:
    first = IndexerSettings(broker_url="", object_store_url="", vector_store_url="", database_url="").first_model
    assert first == model_of(read_manifest(SHIPPED))


def test_readiness_and_metrics_are_there(http: TestClient) -> None:
    http.post("/analyse", content=jpeg(drawn_pieces(1)[0]))
    assert http.get("/readyz").json()["ready"] is True
    assert 'loupe_embedder_batch_size_count{lane="query"}' in http.get("/metrics").text


def test_a_picture_announced_on_the_queue_is_analysed_and_a_bad_one_rejected(
    embedder: Service, settings: Settings
) -> None:
    good = [stored(settings, jpeg(piece)) for piece in drawn_pieces(20)]
    bad = stored(settings, b"no picture")
    outcomes: list[Message] = []
    broker = messaging.open(settings.broker_url, "embedder")
    consumer = Consumer(
        broker,
        [
            Subscription("embedder", embedder.handlers),
            Subscription("indexer", {ImageAnalysed: outcomes.append}),
            Subscription("gateway", {ImageRejected: outcomes.append}),
        ],
        settings.worker_threads,
    )
    consumer.start()
    try:
        for message in [*good, bad]:
            broker.publish(message)
        until(lambda: len(outcomes) == 21, "21 outcomes", seconds=60)
    finally:
        consumer.stop()
        broker.close()
    analysed = [outcome for outcome in outcomes if isinstance(outcome, ImageAnalysed)]
    assert sorted(outcome.sha256 for outcome in analysed) == sorted(message.sha256 for message in good)
    analyses = objectstore.open(settings.object_store_url, "analyses")
    assert all(analyses.exists(TENANT, analysis_key(a.sha256, a.model_version)) for a in analysed)


def test_an_item_announced_on_the_queue_has_its_words_analysed(embedder: Service, settings: Settings) -> None:
    outcomes: list[ItemTextAnalysed] = []
    broker = messaging.open(settings.broker_url, "embedder")
    heard = Subscription("indexer", {ItemTextAnalysed: outcomes.append, ItemChanged: lambda _: None})
    consumer = Consumer(broker, [Subscription("embedder", embedder.handlers), heard], settings.worker_threads)
    fields = ItemFields(title="Emerald ring", created_at=datetime(2026, 5, 1, tzinfo=UTC))
    consumer.start()
    try:
        broker.publish(ItemChanged(tenant=TENANT, correlation_id="c", sku="RING-1", revision=1, fields=fields))
        until(lambda: outcomes, "the words are analysed")
    finally:
        consumer.stop()
        broker.close()
    analyses = objectstore.open(settings.object_store_url, "analyses")
    data = analyses.get(TENANT, text_key(outcomes[0].sha256, outcomes[0].model_version))
    assert TextVectors.model_validate_json(data) == TextEncoder()("Emerald ring")


def test_a_model_folder_that_was_changed_stops_the_start(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="EMBEDDER_MODEL_DIRS"):
        build(settings.model_copy(update={"model_dirs": [tmp_path]}), messaging.open(settings.broker_url, "embedder"))
