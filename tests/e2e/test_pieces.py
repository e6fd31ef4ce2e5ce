"""Pictures of several pieces through all four services, in one process, with a small model and a finder of blocks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from services.embedder import routes as embedder_routes
from services.embedder.analyse import Analyse, Analyser
from services.embedder.batcher import Batcher
from services.embedder.decoding import decode_here
from services.embedder.handlers import handle_image_stored
from services.embedder.heads import Heads
from services.embedder.lone_child import Limits, LoneChild
from services.embedder.manifest import HEADS, model_of, read_manifest
from services.embedder.onnx_encoder import OnnxEncoder
from services.embedder.quarantine import Quarantine
from services.embedder.redrawing import Redrawer
from services.recommender import routes as recommender_routes
from services.recommender.cache import Answers
from services.recommender.completes import Completer
from services.recommender.experiments import Experiments
from services.recommender.history import History
from services.recommender.index import Index
from services.recommender.ordering import Ranker
from services.recommender.pins import Pins
from services.recommender.popularity import Popularity
from services.recommender.search import Searcher
from services.recommender.suggest import Suggester
from shared import database, objectstore, vectorstore
from shared.contracts.messages import ImageStored, ItemChanged
from shared.contracts.models import INDEX, Models
from shared.observability.http import create_app
from tests.support.drawn_pieces import jpeg
from tests.support.gateway import Stand, running_gateway
from tests.support.indexing import World, worlds
from tests.support.recommending import MIGRATIONS, SETTINGS
from tests.support.small_model import small_model
from tests.support.trays import BLUE, GREEN, RED, find_on_white, tray
from tests.support.upstreams import Upstreams, served, text_vectors

PATIENCE_MS = 60_000
PHOTO = jpeg(tray((RED, 0.3), (GREEN, 0.8), (BLUE, 0.5)), 95)


@dataclass
class Shop:
    stand: Stand
    world: World
    models: list[Analyse]
    quarantine: Quarantine
    redrawer: Redrawer

    def put(self, sku: str, picture: bytes) -> str:
        self.stand.put_item(sku)
        image_id = self.stand.upload(sku, picture)
        self.settle()
        return image_id

    def settle(self) -> None:
        """Carry what is in the outbox, and what comes of it, until all is quiet."""
        published = self.world.recorder.published
        while waiting := [*self.stand.waiting(), *published]:
            published.clear()
            for message in waiting:
                if isinstance(message, ImageStored):
                    handle_image_stored(
                        message,
                        pictures=self.stand.parts.pictures,
                        analyses=self.world.analyses,
                        models=self.models,
                        quarantine=self.quarantine,
                        redrawer=self.redrawer,
                        publisher=self.world.recorder,
                    )
                elif type(message) in self.stand.service.handlers:
                    self.stand.handle(message)
                else:
                    self.world.deliver(message)
                    if isinstance(message, ItemChanged) and message.fields:
                        self.world.deliver(self.world.text_analysed(message))

    def search(self, **query: Any) -> dict[str, Any]:
        files: dict[str, Any] = {"image": ("photo.jpg", PHOTO, "image/jpeg"), "query": (None, json.dumps(query))}
        answer = self.stand.client.post("/v1/search", files=files)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body


def _no_child() -> list[Analyse]:
    raise AssertionError("no suspect is among these pictures")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("pieces")
    model = small_model(folder / "model")
    manifest = read_manifest(model)
    with ExitStack() as stack:
        batcher = Batcher(OnnxEncoder(model, manifest, threads=1).forward, 1, lambda *_: None)
        heads = Heads.load(model / HEADS, manifest.heads)
        analyser = Analyser(batcher, heads, model_of(manifest), manifest.input_size, find_on_white)
        stack.callback(analyser.close)
        redrawer = Redrawer(objectstore.open(f"file://{folder}/objects", "renditions"), lambda _: [], decode_here)
        embedder = create_app("embedder", {})
        embedder.include_router(
            embedder_routes.router([analyser], Models(models=[model_of(manifest)]), text_vectors, redrawer.of_shopper)
        )
        world = stack.enter_context(worlds(folder, first=model_of(manifest)))()
        world.tenant = "shop"
        events = database.open(f"sqlite:///{folder}/events.db")
        stack.callback(events.close)
        events.migrate(MIGRATIONS)
        index = Index(vectorstore.directory(f"edge://{folder}/vectors", INDEX))
        stack.callback(index.close)
        popularity = Popularity(events, SETTINGS.weights)
        suggester = Suggester(index, History(events), popularity, SETTINGS.weights)
        recommender = create_app("recommender", {})
        ranker = Ranker(popularity)
        searcher, completer = Searcher(index, ranker, Pins(events)), Completer(index, ranker)
        answers, experiments = Answers(index), Experiments(events)
        recommender.include_router(
            recommender_routes.router(index, answers, searcher, completer, suggester, experiments)
        )
        upstreams = Upstreams(
            embedder_url=stack.enter_context(served(embedder)), recommender_url=stack.enter_context(served(recommender))
        )
        stand = stack.enter_context(running_gateway(folder, upstreams, page_tenant="shop"))
        quarantine = Quarantine(LoneChild(_no_child, Limits()), world.analyses, 2)
        made = Shop(stand, world, [analyser], quarantine, redrawer)
        made.put("RED", jpeg(tray((RED, 0.6), width=400), 95))
        made.put("GREEN-AND-BLUE", jpeg(tray((GREEN, 0.8), (BLUE, 0.4), width=800), 95))
        yield made


def middle(box: dict[str, float]) -> float:
    return (box["x0"] + box["x1"]) / 2


def test_each_piece_of_a_photo_finds_the_item_that_has_it_and_the_place_in_its_picture(shop: Shop) -> None:
    found = shop.search()
    assert [round(middle(piece["box"]), 1) for piece in found["pieces"]] == [0.5, 0.8, 0.2]
    assert found["results"][0]["sku"] == "GREEN-AND-BLUE"
    assert middle(found["results"][0]["box"]) == pytest.approx(0.25, abs=0.02), "by the green one, its main piece"
    blue, red = shop.search(piece=1)["results"][0], shop.search(piece=2)["results"][0]
    assert (blue["sku"], red["sku"]) == ("GREEN-AND-BLUE", "RED")
    assert middle(blue["box"]) == pytest.approx(0.75, abs=0.02)
    assert min(blue["score"], red["score"]) > 0.9


def test_every_piece_of_a_photo_gets_a_list_of_its_own(shop: Shop) -> None:
    found = shop.search(every_piece=True)
    assert [one["results"][0]["sku"] for one in found["by_piece"]] == ["GREEN-AND-BLUE", "GREEN-AND-BLUE", "RED"]
    assert [one["results"][0]["box"] for one in found["by_piece"]] == [
        shop.search(piece=number)["results"][0]["box"] for number in range(3)
    ]


def test_a_drawn_box_finds_as_the_piece_in_it_would(shop: Shop) -> None:
    found = shop.search(box={"x0": 0.7, "y0": 0.2, "x1": 0.97, "y1": 0.8})
    assert len(found["pieces"]) == 1
    assert middle(found["results"][0]["box"]) == pytest.approx(0.75, abs=0.02)


def test_a_box_of_too_few_pixels_is_refused_with_words_and_path(shop: Shop) -> None:
    files: dict[str, Any] = {
        "image": ("photo.jpg", PHOTO, "image/jpeg"),
        "query": (None, '{"box": {"x0": 0.5, "x1": 0.51}}'),
    }
    answer = shop.stand.client.post("/v1/search", files=files)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:loupe:problem:invalid-input"
    assert answer.json()["errors"][0]["path"] == "query.box"
    assert "at least 16" in answer.json()["detail"]


def test_a_removed_picture_is_found_by_none_of_its_pieces(shop: Shop) -> None:
    image_id = shop.put("GONE", jpeg(tray((BLUE, 0.8), (RED, 0.7), (RED, 0.5)), 95))
    assert len(shop.stand.client.get(f"/v1/images/{image_id}").json()["pieces"]) == 3
    assert {"GONE"} <= {result["sku"] for result in shop.search(piece=2)["results"]}
    shop.stand.client.delete(f"/v1/images/{image_id}")
    shop.settle()
    assert not any(image_id in name for name in shop.world.index())


def test_on_the_page_a_piece_of_the_photo_is_tapped_to_search_by_it(
    shop: Shop, browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "photo.jpg").write_bytes(PHOTO)
    with served(shop.stand.service.http) as address:
        page = browser.new_page(viewport={"width": 360, "height": 740})
        page.goto(address)
        page.get_by_test_id("file-input").set_input_files(tmp_path / "photo.jpg")
        first = page.get_by_test_id("result").first
        expect(page.get_by_test_id("seen-piece")).to_have_count(3, timeout=PATIENCE_MS)
        expect(first).to_have_attribute("data-sku", "GREEN-AND-BLUE", timeout=PATIENCE_MS)
        page.get_by_role("button", name="Search by piece 3").click()
        expect(first).to_have_attribute("data-sku", "RED", timeout=PATIENCE_MS)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.get_by_role("button", name="Clear the photo").click()
        expect(page.get_by_test_id("seen")).to_be_hidden()
        page.close()
