"""SIGKILL of one process exactly between two steps: nothing accepted is lost or twice, nothing removed comes back.

The gateway, the embedder and the indexer are real, a process each, over a real broker, kept running by the supervisor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.indexer.points import collection_of
from services.indexer.settings import Settings as IndexerSettings
from shared import vectorstore
from tests.support.broker import RunningBroker, free_port
from tests.support.pictures import drawing
from tests.support.supervised import Supervised
from tests.support.waiting import until

KEY = "lk_placed-kills"
SECONDS = 120
_numbers = count()


class World:
    """A shop over three service processes. Each test uses items of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.steps = folder / "steps"
        for made in (self.steps, folder / "broker"):
            made.mkdir()
        self.broker = RunningBroker(folder / "broker")
        port = free_port()
        shared = {
            "BROKER_URL": self.broker.url,
            "OBJECT_STORE_URL": f"file://{folder}/objects",
            "VECTOR_STORE_URL": f"edge://{folder}/vectors",
            "INDEXER_DATABASE_URL": f"sqlite:///{folder}/indexer.db",
            "GATEWAY_DATABASE_URL": f"sqlite:///{folder}/gateway.db",
            "GATEWAY_PORT": str(port),
            "GATEWAY_SECRET": "a secret of placed kills",
            "GATEWAY_PAGE_TENANT": "shop",
            "GATEWAY_PAGE_KEY": KEY,
            "EMBEDDER_PORT": (embedder_port := str(free_port())),
            "EMBEDDER_URL": f"http://127.0.0.1:{embedder_port}",
            "EMBEDDER_THREADS": "1",
            "INDEXER_PORT": str(free_port()),
            "RECOMMENDER_URL": "http://127.0.0.1:1",
            "DYING_FOLDER": str(self.steps),
        }
        self.processes = Supervised(
            folder,
            {
                name: ("tests.support.dying", shared | {"DYING_SERVICE": name})
                for name in ("gateway", "embedder", "indexer")
            },
        )
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {KEY}"}, timeout=30
        )
        until(self._answers, "the gateway answers", SECONDS)

    def close(self) -> None:
        self.http.close()
        self.processes.stop()
        self.broker.stop()

    def arm(self, *steps: str) -> None:
        for step in steps:
            (self.steps / f"{step}.reached").unlink(missing_ok=True)  # an earlier test's, or the wait would see that
            (self.steps / step).touch()

    def hold(self) -> None:
        (self.steps / "hold").touch()

    def release(self) -> None:
        (self.steps / "hold").unlink()

    def await_reached(self, step: str) -> None:
        until((self.steps / f"{step}.reached").exists, f"the step {step} is reached", SECONDS)

    def put(self, sku: str, price: float = 100) -> None:
        assert self.http.put(f"/v1/items/{sku}", json={"title": sku, "price": price, "currency": "EUR"}).is_success

    def upload(self, sku: str, number: int) -> httpx.Response:
        return self.http.post(f"/v1/items/{sku}/images", files={"file": ("a.jpg", drawing(number), "image/jpeg")})

    def accepted(self, sku: str, pictures: int = 3) -> list[str]:
        """Put an item with so many pictures; their ids."""
        self.put(sku)
        return [str(self.upload(sku, next(_numbers)).json()["image_id"]) for _ in range(pictures)]

    def states(self, images: list[str]) -> Counter[str]:
        return Counter(self.http.get(f"/v1/images/{image}").json().get("state", "removed") for image in images)

    def settle(self) -> None:
        """Wait until every message has its outcome."""

        def settled() -> bool:
            return self._answers() and self.http.get("/v1/status").json()["outbox"] == 0

        until(settled, "every message has its outcome", SECONDS)

    def reconciled(self) -> dict[str, Any]:
        report: dict[str, Any] = self.http.get("/v1/admin/reconcile").json()
        return report

    def _answers(self) -> bool:
        try:
            return self.http.get("/healthz").is_success
        except httpx.TransportError:
            return False

    def points(self) -> list[dict[str, Any]]:
        """All of the index, read when nothing runs any more."""
        settings = IndexerSettings(broker_url="", object_store_url="", vector_store_url="", database_url="")
        url = f"edge://{self.folder}/vectors"
        store = vectorstore.open(url, collection_of(settings.model_version), settings.dimension)
        try:
            return [dict(point.payload) for point in store.scroll("shop", limit=10_000)]
        finally:
            store.close()


@pytest.fixture(scope="module")
def expected() -> dict[str, float]:
    """What every test leaves in the index: image id -> price. The last test holds the index against it."""
    return {}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("placed"))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("service", "step"),
    [
        ("embedder", "after-analyses.put"),
        ("embedder", "before-indexer:image.analysed"),
        ("embedder", "after-indexer:image.analysed"),
        ("indexer", "before-gateway:image.indexed"),
        ("indexer", "after-gateway:image.indexed"),
        ("gateway", "before-embedder:image.stored"),
        ("gateway", "after-embedder:image.stored"),
    ],
    ids=[
        "embedder, after the object is written",
        "embedder, between the object and the message",
        "embedder, between the message and the ack",
        "indexer, between the commit and the message",
        "indexer, between the message and the ack",
        "gateway, between the commit and the message",
        "gateway, between the message and the note that it was sent",
    ],
)
def test_pictures_accepted_around_a_kill_are_indexed(
    world: World, expected: dict[str, float], service: str, step: str
) -> None:
    before = world.processes.deaths(service)
    world.put(sku := f"KILL-{service}-{next(_numbers)}")
    world.settle()
    world.arm(step)
    uploads = []
    for _ in range(3):
        try:
            uploads.append(world.upload(sku, next(_numbers)))
        except httpx.TransportError:  # the gateway died while it answered: what it committed, it must finish
            until(world._answers, "the gateway is back", SECONDS)
    until(lambda: world.processes.deaths(service) == before + 1, f"{service} dies at {step}", SECONDS)
    world.settle()
    images = [image["image_id"] for image in world.http.get(f"/v1/items/{sku}").json()["images"]]
    assert {str(upload.json()["image_id"]) for upload in uploads} <= set(images), "what was answered 202 is kept"
    assert world.states(images) == {"indexed": len(images)}
    expected.update(dict.fromkeys(images, 100.0))


def test_a_gateway_killed_between_the_bytes_and_the_commit_has_accepted_nothing(
    world: World, expected: dict[str, float]
) -> None:
    world.put("ORPHAN")
    world.settle()
    number = next(_numbers)
    world.arm("after-pictures.put")
    with pytest.raises(httpx.TransportError):
        world.upload("ORPHAN", number)
    until(world._answers, "the gateway is back", SECONDS)
    assert world.http.get("/v1/items/ORPHAN").json()["images"] == []
    image = world.upload("ORPHAN", number).json()["image_id"]
    world.settle()
    assert world.states([image]) == {"indexed": 1}
    expected[image] = 100.0


@pytest.mark.parametrize("step", ["before-vectors.upsert", "after-vectors.upsert"])
def test_a_removal_that_waits_for_an_upsert_that_dies_wins(world: World, step: str) -> None:
    before = world.processes.deaths("indexer")
    world.put(sku := f"RACE-{step}")
    world.settle()
    world.arm(step)
    image = world.upload(sku, next(_numbers)).json()["image_id"]
    world.await_reached(step)
    assert world.http.delete(f"/v1/images/{image}").status_code == 204
    until(lambda: world.processes.deaths("indexer") == before + 1, "the indexer dies in the upsert", SECONDS)
    world.settle()
    assert world.states([image]) == {"removed": 1}


@pytest.mark.parametrize("step", ["before-vectors.delete", "after-vectors.delete"])
@pytest.mark.parametrize("removed", ["picture", pytest.param("item", marks=pytest.mark.long)])
def test_an_upsert_that_waits_for_a_removal_that_dies_brings_nothing_back(
    world: World, step: str, removed: str
) -> None:
    before = world.processes.deaths("indexer")
    world.put(sku := f"RACE-{removed}-{step}")
    world.settle()
    world.hold()
    world.arm("before-indexer:image.analysed")
    image = world.upload(sku, next(_numbers)).json()["image_id"]
    world.await_reached("before-indexer:image.analysed")
    world.arm(step)
    address = f"/v1/images/{image}" if removed == "picture" else f"/v1/items/{sku}"
    assert world.http.delete(address).status_code == 204
    world.await_reached(step)
    world.release()  # the embedder dies; its successor sends the analysis, which waits for the lock of the removal
    until(lambda: world.processes.deaths("indexer") == before + 1, "the indexer dies in the removal", SECONDS)
    world.settle()
    assert world.states([image]) == {"removed": 1}


def test_a_price_change_before_the_picture_is_indexed_loses_neither(world: World, expected: dict[str, float]) -> None:
    world.put("PRICE", 100)
    world.settle()
    world.hold()
    world.arm("before-indexer:image.analysed")
    image = world.upload("PRICE", next(_numbers)).json()["image_id"]
    world.await_reached("before-indexer:image.analysed")
    world.put("PRICE", 80)
    until(lambda: world.http.get("/v1/status").json()["outbox"] == 1, "the price is indexed, the picture not", SECONDS)
    world.release()
    world.settle()
    assert world.states([image]) == {"indexed": 1}
    expected[image] = 80.0


def test_after_all_kills_the_index_holds_what_was_accepted_and_not_removed_and_none_twice(
    world: World, expected: dict[str, float]
) -> None:
    world.settle()
    assert world.http.get("/v1/images?state=rejected").json()["images"] == []
    assert sum(world.http.get("/v1/status").json()["images"].values()) == len(expected)
    world.http.post("/v1/admin/reconcile")
    until(lambda: world.reconciled()["finished_at"], "the stores are compared", SECONDS)
    assert world.reconciled()["found"] == {}
    world.processes.stop()
    points = world.points()
    assert Counter(point["image_id"] for point in points) == Counter(expected.keys())
    assert {point["image_id"]: point["price"] for point in points} == expected
