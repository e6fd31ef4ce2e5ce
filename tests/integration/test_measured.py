"""What is measured at the moment of a scrape, and of each picture, by the collectors of the services."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import REGISTRY
from prometheus_client.registry import Collector

from services.authenticity.main import MIGRATIONS as OF_AUTHENTICITY
from services.authenticity.metrics import AuthenticityCollector
from services.embedder.gpu_metrics import GpuCollector
from services.embedder.metrics import UNKNOWN, observe_analysis
from services.inventory.main import MIGRATIONS as OF_INVENTORY
from services.inventory.metrics import InventoryCollector
from shared import database, messaging
from shared.contracts.analysis import Analysis, Attribute, Piece
from shared.contracts.fields import pack_vector
from shared.database import PoolCollector
from shared.messaging import QueueCollector, queue_metrics
from tests.support.booking import BEGIN, Books, movement
from tests.support.broker import RunningBroker
from tests.support.databases import NewDatabase, migrated
from tests.support.waiting import until

SILENT_SECONDS = 5
"""For which an answer of the broker is waited, by the broker's own connection."""


def told(collector: Collector) -> dict[str, float]:
    """Each sample by its name and the values of its labels."""
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for metric in collector.collect()
        for sample in metric.samples
    }


def test_connections_in_use_are_told_beside_how_many_may_be(new_database: NewDatabase) -> None:
    books = database.open(new_database())
    free = told(PoolCollector("indexer", books))
    with books.read() as session:
        session.connection()
        used = told(PoolCollector("indexer", books))
    books.close()
    name = "loupe_database_connections indexer"
    assert (free[f"{name} used"], used[f"{name} used"]) == (0, 1)
    assert used[f"{name} most"] >= 20


def test_the_memory_of_the_broker_is_told_beside_its_queues(tmp_path: Path) -> None:
    running = RunningBroker(tmp_path)
    broker = messaging.open(running.url, "gateway")
    try:
        assert told(QueueCollector(broker))["loupe_broker_memory_bytes"] > 0
        running.stop()
        away = told(QueueCollector(broker))
    finally:
        broker.close()
    assert away["loupe_broker_up"] == 0
    assert "loupe_broker_memory_bytes" not in away


def test_a_broker_that_is_silent_is_told_to_be_away_in_the_time_that_a_scrape_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_metrics, "_LONGEST_SECONDS", 0.2)
    running = RunningBroker(tmp_path)
    broker = messaging.open(running.url, "gateway")
    queues = QueueCollector(broker)
    try:
        running.suspend()
        began = time.monotonic()
        assert told(queues)["loupe_broker_up"] == 0
        assert time.monotonic() - began < SILENT_SECONDS
        running.resume()
        until(lambda: told(queues)["loupe_broker_up"] == 1, "the broker is told to be there again")
    finally:
        broker.close()
        running.stop()


def test_how_fresh_the_ledger_is_and_what_lies_in_it(tmp_path: Path) -> None:
    url = migrated(f"sqlite:///{tmp_path}/inventory.db", OF_INVENTORY)
    books = database.open(url)
    empty = told(InventoryCollector(books))
    booked = Books(url)
    booked.move(movement("received", 3), movement("received", 1, "SOLD"), movement("sold", 1, "SOLD"))
    full = told(InventoryCollector(books))
    books.close()
    assert "loupe_inventory_last_movement_timestamp_seconds" not in empty
    assert full["loupe_inventory_last_movement_timestamp_seconds"] > BEGIN.timestamp()
    assert full["loupe_inventory_items in-stock"] == 1
    assert full["loupe_inventory_items out"] == 1
    assert full["loupe_inventory_items uncounted"] == 0


def test_without_references_none_are_counted(tmp_path: Path) -> None:
    books = database.open(migrated(f"sqlite:///{tmp_path}/authenticity.db", OF_AUTHENTICITY))
    assert told(AuthenticityCollector(books)) == {"loupe_reference_pictures": 0}
    books.close()


def test_without_a_gpu_its_memory_is_none() -> None:
    assert told(GpuCollector("cpu")) == {
        "loupe_embedder_gpu_memory_bytes used": 0,
        "loupe_embedder_gpu_memory_bytes total": 0,
    }


@pytest.mark.parametrize(("type_", "confidence"), [("ring", 0.8), (None, 0.0)])
def test_a_picture_is_counted_by_the_type_of_its_main_piece_with_its_confidence_and_its_vector(
    type_: str | None, confidence: float
) -> None:
    def counted(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(f"loupe_embedder_{name}", {"lane": "query", **labels}) or 0.0

    names = {"type": type_ or UNKNOWN}
    before = counted("types_total", **names), counted("type_confidence_sum"), counted("vector_norm_sum")
    vector = np.full(4, 0.5, np.float32)
    main = Piece(vector=pack_vector(vector), type=Attribute(value=type_, confidence=confidence) if type_ else None)
    other = Piece(vector=pack_vector(vector), type=Attribute(value="watch", confidence=1))
    told = {"sha256": "0" * 64, "model_version": "m", "width": 9, "height": 9, "pieces": [main, other]}
    observe_analysis(Analysis.model_validate(told), "query")
    after = counted("types_total", **names), counted("type_confidence_sum"), counted("vector_norm_sum")
    assert np.subtract(after, before) == pytest.approx((1, confidence, 1.0), abs=1e-3)
