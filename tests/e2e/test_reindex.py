"""The index moves to a model of another dimension while shops search and write."""

from __future__ import annotations

import os
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.embedder.manifest import SHIPPED
from shared import vectorstore
from shared.contracts.models import INDEX
from tests.support import small_model
from tests.support.pictures import catalogue, drawing
from tests.support.stack import RunningStack
from tests.support.waiting import until

PICTURES = 150
FOUND_AGAIN = 7
SEARCHED = drawing(FOUND_AGAIN)
OLD, NEW = f"pieces2-{SHIPPED.name}", f"pieces2-{small_model.VERSION}-g2"


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a stopped stack that has a catalogue indexed by the shipped model."""
    folder = tmp_path_factory.mktemp("imported")
    running = RunningStack(folder / "home")
    try:
        done = running.loupe("import", str(catalogue(folder / "shop", PICTURES)))
        assert done.returncode == 0, done.stderr
    finally:
        running.stop()
    return running.home


@pytest.fixture
def stack(imported: Path, tmp_path: Path) -> Iterator[RunningStack]:
    """That catalogue, and an embedder that has a second model."""
    home = shutil.copytree(imported, tmp_path / "home")
    models = f"{SHIPPED}{os.pathsep}{small_model.small_model(tmp_path / 'second-model')}"
    running = RunningStack(home, settings={"INDEXER_DRAIN_SECONDS": "3", "EMBEDDER_MODEL_DIRS": models})
    yield running
    running.stop()


class Shop:
    """Writes in turn: a new picture, a price, a removal; remembers what was accepted."""

    def __init__(self, stack: RunningStack) -> None:
        self._stack = stack
        self._turn = 0
        self.prices: dict[str, float] = {}
        self.removed: set[str] = set()
        self.uploaded: set[str] = set()

    def write(self) -> None:
        self._turn += 1
        with self._stack.api as api:
            new, changed, removed = f"NEW-{self._turn}", f"DRAWN-{20 + self._turn:04}", f"DRAWN-{149 - self._turn:04}"
            put(api, new, price=self._turn)
            self.prices[new] = self._turn
            picture = ("p.jpg", drawing(9000 + self._turn), "image/jpeg")
            accepted(api.post(f"/v1/items/{new}/images", files={"file": picture}))
            self.uploaded.add(new)
            put(api, changed, price=1000 + self._turn)
            self.prices[changed] = 1000 + self._turn
            accepted(api.delete(f"/v1/items/{removed}"))
            self.removed.add(removed)


def put(api: httpx.Client, sku: str, price: float) -> None:
    accepted(api.put(f"/v1/items/{sku}", json={"title": sku, "price": price, "currency": "EUR"}))


def accepted(answer: httpx.Response) -> None:
    assert answer.is_success, answer.text


def search(api: httpx.Client) -> Any:
    answer = api.post("/v1/search", files={"image": ("p.jpg", SEARCHED, "image/jpeg")})
    return answer.status_code, [result["sku"] for result in answer.json().get("results", [])][:1]


def test_the_index_moves_to_another_dimension_while_shops_search_and_write(stack: RunningStack) -> None:
    answers: Counter[str] = Counter()
    shop, done, failures = Shop(stack), threading.Event(), list[BaseException]()

    def searching() -> None:
        with stack.api as api:
            while not done.is_set():
                answers[str(search(api))] += 1

    workers = [threading.Thread(target=guarded(work, failures)) for work in (searching, searching)]
    for worker in workers:
        worker.start()
    started = stack.loupe("reindex", "start", "--model", small_model.VERSION)
    assert started.returncode == 0, started.stderr
    try:
        while state_of(stack, NEW) == "filling" and len(shop.removed) < 60:
            shop.write()
        until(lambda: state_of(stack, NEW) == "active", "the new collection is searched", 120)
        shop.write()
        until(lambda: state_of(stack, OLD) == "dropped", "the old collection is gone", 60)
    finally:
        done.set()
        for worker in workers:
            worker.join()
    assert failures == []
    assert set(answers) == {str((200, [f"DRAWN-{FOUND_AGAIN:04}"]))}, answers
    assert answers.total() > 20
    assert len(shop.removed) > 1, "writes fell into the filling"
    assert "No reindex goes on" in stack.loupe("reindex", "status").stdout
    assert_nothing_lost(stack, shop)


def test_a_reindex_whose_process_is_killed_in_the_middle_goes_on_and_loses_nothing(stack: RunningStack) -> None:
    shop = Shop(stack)
    assert stack.loupe("reindex", "start", "--model", small_model.VERSION).returncode == 0
    for share in (0.2, 0.6):
        shop.write()
        until(lambda share=share: progress(stack) >= share, f"{share:.0%} is filled", 60)  # type: ignore[misc]
        (backend,) = stack.children("deploy.local.backend")
        backend.kill()
        until(lambda: answering(stack), "the backend is back", 60)
    shop.write()
    until(lambda: state_of(stack, OLD) == "dropped", "the old collection is gone", 120)
    assert_nothing_lost(stack, shop)


@pytest.mark.long
def test_a_catalogue_moves_to_a_model_chosen_by_name(tmp_path: Path) -> None:
    running = RunningStack(
        tmp_path / "home", settings={"INDEXER_DRAIN_SECONDS": "3", "EMBEDDER_MODEL_DIRS": f"{SHIPPED}{os.pathsep}cbir"}
    )
    try:
        imported = running.loupe("import", str(catalogue(tmp_path / "shop", 12)))
        assert imported.returncode == 0, imported.stderr
        started = running.loupe("reindex", "start", "--model", "cbir-1")
        assert started.returncode == 0, started.stderr
        until(lambda: state_of(running, OLD) == "dropped", "the old collection is gone", 60)
        with running.api as api:
            assert search(api) == (200, [f"DRAWN-{FOUND_AGAIN:04}"])
    finally:
        running.stop()


def guarded(work: Callable[[], None], failures: list[BaseException]) -> Callable[[], None]:
    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - reported by the main thread
            failures.append(error)

    return run


def reindex(stack: RunningStack) -> Any:
    with stack.api as api:
        answer = api.get("/v1/admin/reindex")
    accepted(answer)
    return answer.json()


def state_of(stack: RunningStack, name: str) -> str:
    return str(next(each["state"] for each in reindex(stack)["collections"] if each["name"] == name))


def progress(stack: RunningStack) -> float:
    now = reindex(stack)
    return 1.0 if not now["total"] else float(now["done"] / now["total"])


def answering(stack: RunningStack) -> bool:
    try:
        with stack.api as api:
            return api.get("/readyz").status_code == 200 and api.get("/v1/admin/reindex").is_success
    except httpx.TransportError:
        return False


def assert_nothing_lost(stack: RunningStack, shop: Shop) -> None:
    """One point for each picture that the catalogue has, with its last price; of removed items none; no old folder."""
    with stack.api as api:
        until(lambda: api.get("/v1/status").json()["outbox"] == 0, "every write has its outcome", 60)
    stack.stop()
    directory = vectorstore.directory(f"edge://{stack.home}/vectors", INDEX)
    assert directory.names() == [NEW]
    store = directory.open(NEW, small_model.DIMENSION)
    points = store.scroll("shop", limit=10_000)
    store.close()
    directory.close()
    skus = Counter(str(point.payload["sku"]) for point in points)
    drawn = {f"DRAWN-{number:04}" for number in range(PICTURES)}
    assert set(skus) == (drawn | shop.uploaded) - shop.removed
    assert max(skus.values()) == 1
    prices = {str(point.payload["sku"]): point.payload["price"] for point in points}
    expected = {sku: price for sku, price in shop.prices.items() if sku not in shop.removed}
    assert {sku: prices[sku] for sku in expected} == expected
