"""A shop over a real gateway and a real indexer, whose messages a test carries by hand; its embedder is a toy."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import numpy as np

from services.gateway.collection import Collector
from services.gateway.reconcile import Pace, Reconciler
from services.indexer.compare import Comparer, Target
from shared import objectstore
from shared.contracts.analysis import Analysis, Attribute, Box, Piece, analysis_key, picture_key
from shared.contracts.fields import pack_vector
from shared.contracts.messages import AnalysisMissing, ImageAnalysed, ImageRejected, ImageStored, ItemChanged, Message
from shared.contracts.reconcile import CatalogueListed, IndexCompared
from shared.contracts.references import ReferencesKept
from tests.support.gateway import Stand, picture, running_gateway
from tests.support.indexing import DIMENSION, MODEL, Recorder, World, worlds

DAY = 24 * 3600


def _no_references(_tenant: str) -> ReferencesKept:
    return ReferencesKept(pictures=0, bytes=0)


@dataclass
class Shop:
    stand: Stand
    world: World
    reconciler: Reconciler
    comparer: Comparer
    bus: Recorder
    asked: list[AnalysisMissing] = field(default_factory=list)
    pieces: int = 1

    def put(self, sku: str, seed: int, **fields: object) -> str:
        """An item with a picture, indexed; the picture's id."""
        self.stand.put_item(sku, **fields)
        image_id = self.stand.upload(sku, picture(seed))
        self.settle()
        return image_id

    def settle(self) -> None:
        """Carry what is in the outbox, and what comes of it, until all is quiet."""
        while True:
            self.carry()
            waiting = self.stand.waiting()
            for message in waiting:
                self._handle(message)
            if not waiting and not self.bus.published:
                return

    def carry(self) -> None:
        while self.bus.published:
            self._handle(self.bus.published.pop(0))

    def reconcile(self) -> dict[str, int]:
        """Run a comparison to its end; what it found."""
        self.reconciler.start("shop")
        while self.reconciler.report("shop").finished_at is None:
            self.reconciler.advance()
            self.carry()
        self.settle()
        return self.reconciler.report("shop").found

    def age(self, bucket: str, key: str, days: float) -> None:
        path = self.stand.folder / "objects" / bucket / "shop" / key
        then = time.time() - days * DAY
        os.utime(path, (then, then))

    def _handle(self, message: Message) -> None:
        match message:
            case ImageStored() | AnalysisMissing():
                if isinstance(message, AnalysisMissing):
                    self.asked.append(message)
                self._analyse(message)
            case ItemChanged():
                self.world.deliver(message)
                if message.fields:
                    self.bus.publish(self.world.text_analysed(message))
            case CatalogueListed():
                self.comparer.catalogue_listed(message)
            case IndexCompared():
                self.reconciler.compared(message)
            case _ if type(message) in self.stand.service.handlers:
                self.stand.handle(message)
            case _:
                self.world.deliver(message)

    def _analyse(self, message: ImageStored | AnalysisMissing) -> None:
        told = message.model_dump(include={"tenant", "correlation_id", "sku", "image_id"})
        if not self.stand.parts.pictures.exists("shop", picture_key(message.sha256)):
            self.bus.publish(ImageRejected(**told, code="not-found", reason="Upload it again."))
            return
        vector = pack_vector(np.eye(DIMENSION, dtype=np.float32)[int(message.sha256, 16) % DIMENSION])
        ring = Attribute(value="ring", confidence=0.75)
        pieces = [Piece(box=Box(y1=1 / (3 + n)), vector=vector, type=ring) for n in range(self.pieces)]
        analysis = Analysis(sha256=message.sha256, model_version=MODEL, width=9, height=9, pieces=pieces)
        key = analysis_key(message.sha256, MODEL)
        self.world.analyses.put("shop", key, analysis.model_dump_json().encode())
        rest = message.model_dump(include={"sha256", "item_revision"})
        self.bus.publish(ImageAnalysed(**told, **rest, model_version=MODEL))


@contextmanager
def running_shop(folder: Path) -> Iterator[Shop]:
    with running_gateway(folder) as stand, worlds(folder) as new_world:
        world = new_world()
        world.tenant = "shop"
        pictures = objectstore.open(f"file://{folder}/objects", "pictures")
        collector = Collector(stand.catalogue, pictures, world.analyses, timedelta(days=7), _no_references)
        pace = Pace(every=None, stuck=timedelta(0))
        reconciler = Reconciler(stand.catalogue, pictures, collector, world.recorder, pace)
        target = Target(MODEL, world.vectors)
        comparer = Comparer(world.database, world.analyses, lambda _rows: target, world.recorder)
        yield Shop(stand, world, reconciler, comparer, world.recorder)
