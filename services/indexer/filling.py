"""The loop that fills a new collection, switches to it and drops the old one.

All that it must remember is in the indexer's own tables, so it goes on where a killed process stopped. Several
indexers may run it at once: each step is decided under a lock, and doing one twice changes nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from datetime import timedelta

import structlog

from services.indexer import collections, metrics
from services.indexer.collections import Collection, Stores, every, writers_stopped, written
from services.indexer.progress import Key, Wanted, missing, points_expected, progress, still_missing
from services.indexer.state import image_of, locked_item, save_image
from services.indexer.texts import text_of
from services.indexer.writing import Writes
from shared.contracts.analysis import Analysis, analysis_key
from shared.contracts.messages import AnalysisMissing
from shared.database import Database
from shared.errors import LoupeError, NotFound, Retryable
from shared.messaging import Publisher
from shared.objectstore import ObjectStore
from shared.vectorstore import Directory

_BATCH = 32
_IN_FLIGHT = 64
_ASK_AGAIN_S = 15.0
_LONGEST_ASK_AGAIN_S = 300.0
_PAUSE_S = 0.1
_IDLE_S = 1.0
_log = structlog.get_logger(__name__)


class Filler:
    """`drain`: how long a retired collection is kept, for the queries that pinned it before the switch."""

    def __init__(
        self,
        database: Database,
        analyses: ObjectStore,
        directory: Directory,
        stores: Stores,
        publisher: Publisher,
        drain: timedelta,
    ) -> None:
        self._database = database
        self._analyses = analyses
        self._directory = directory
        self._stores = stores
        self._publisher = publisher
        self._drain = drain
        self._after: Key | None = None
        self._asked: dict[Key, tuple[int, float]] = {}

    def run(self, stop: threading.Event) -> None:
        """Step until `stop` is set. Waits, and says so, while a part is away."""
        while not stop.is_set():
            pause = _IDLE_S
            try:
                pause = _PAUSE_S if self.step() else _IDLE_S
            except LoupeError as error:
                _log.warning("reindex_waits", detail=error.detail)
            except Exception:  # noqa: BLE001 - the next step may succeed; the loop itself must not end
                _log.exception("reindex_stumbled")
            stop.wait(pause)

    def step(self) -> bool:
        """Do a little of what there is to do; whether a collection is being filled."""
        with self._database.read() as session:
            found = every(session.connection())
        self._stores.let_go([each for each in found if each.state in ("dropping", "dropped")])
        for collection in found:
            if collection.state == "retired":
                self._let_drain(collection)
            elif collection.state == "dropping":
                self._drop(collection)
        filling = next((each for each in found if each.state == "filling"), None)
        if filling is None:
            self._after, self._asked = None, {}
            return False
        self._fill(filling)
        return True

    def _fill(self, filling: Collection) -> None:
        with self._database.read() as session:
            rows = session.connection()
            now = progress(rows, filling.generation)
            batch = missing(rows, filling.generation, self._after, _BATCH)
            asked = still_missing(rows, filling.generation, self._asked)
        metrics.FILLED.set(now.done)
        if now.missing == 0:
            if not filling.hold and not now.refused:
                self.switch(filling.generation)
            return
        self._asked = {key: told for key, told in self._asked.items() if key in asked}
        moment = time.monotonic()
        due = [want for want in batch if self._asked.get(want.key, (0, 0.0))[1] <= moment]
        analyses = {want.key: self._analysis(want, filling) for want in due}
        self._write(filling, [(want, analysis) for want in due if (analysis := analyses[want.key])])
        complete = self._ask(filling, [want for want in due if not analyses[want.key]], moment)
        if complete:
            self._after = batch[-1].key if batch else None

    def _write(self, filling: Collection, found: Iterable[tuple[Wanted, Analysis]]) -> None:
        """Copy pictures into the collection, each as its rows say under its item's lock."""
        writes = Writes()
        copied = []
        with self._database.write() as session:
            rows = session.connection()
            for want, analysis in sorted(found, key=lambda one: (one[0].tenant, one[0].sku)):
                item = locked_item(rows, want.tenant, want.sku)
                image = image_of(rows, want.tenant, want.image_id, want.sku)
                if not image.stored or image.sha256 != want.sha256 or image.gone_with(item):
                    continue
                writes.add(filling, item, image, analysis, text_of(item, self._analyses))
                copied.append(image)
            if filling.generation not in {target.generation for target in written(rows)}:
                return  # aborted meanwhile
            writes.write(self._stores)
            for image in copied:
                save_image(rows, image)

    def _ask(self, filling: Collection, wanted: Iterable[Wanted], moment: float) -> bool:
        """Ask the embedder for analyses, for so many at a time; whether all of `wanted` were asked for."""
        waiting = sum(again > moment for _, again in self._asked.values())
        for want in wanted:
            if waiting >= _IN_FLIGHT:
                return False
            times, _ = self._asked.get(want.key, (0, 0.0))
            self._publisher.publish(
                AnalysisMissing(
                    tenant=want.tenant,
                    correlation_id=f"reindex-{filling.generation}",
                    sku=want.sku,
                    image_id=want.image_id,
                    sha256=want.sha256,
                    item_revision=want.item_revision,
                    model_version=filling.model.version,
                )
            )
            self._asked[want.key] = (times + 1, moment + min(_ASK_AGAIN_S * 2**times, _LONGEST_ASK_AGAIN_S))
            waiting += 1
        return True

    def switch(self, generation: int) -> bool:
        """Make the collection the active one if it holds every picture; whether it is that now.

        No write goes on meanwhile. Killed between the two steps, the switch is done again and changes nothing.
        """
        with writers_stopped(self._database) as rows:
            found = {each.generation: each for each in every(rows)}
            filling = found[generation]
            if filling.state != "filling" or progress(rows, generation).missing:
                return filling.state == "active"
            store = self._stores.of(filling)
            for tenant, expected in points_expected(rows, generation).items():
                if (held := store.count(tenant)) != expected:
                    raise Retryable(
                        f"The collection {filling.name} holds {held} points of the shop {tenant}, and {expected} "
                        "belong there. Abort the reindex, start it again, and report this as a bug."
                    )
            self._directory.switch(filling.name, filling.model.model_dump())
            now = collections.now()
            for each in found.values():
                if each.state == "active":
                    collections.change(rows, each.generation, state="retired", retired_at=now)
            collections.change(rows, generation, state="active", activated_at=now)
        _log.info("collection_activated", collection=filling.name)
        return True

    def _let_drain(self, retired: Collection) -> None:
        if retired.retired_at and collections.now() < retired.retired_at + self._drain:
            return
        with writers_stopped(self._database) as rows:
            collections.change(rows, retired.generation, state="dropping")

    def _drop(self, collection: Collection) -> None:
        self._directory.drop(collection.name)
        with self._database.write() as session:
            collections.change(session.connection(), collection.generation, state="dropped")
        _log.info("collection_dropped", collection=collection.name)

    def _analysis(self, want: Wanted, filling: Collection) -> Analysis | None:
        try:
            data = self._analyses.get(want.tenant, analysis_key(want.sha256, filling.model.version))
        except NotFound:
            return None
        return Analysis.model_validate_json(data)
