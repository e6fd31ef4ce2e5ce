"""A page of the catalogue against the index: what is missing or wrong is put right, what is unknown is told."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog
from sqlalchemy.engine import Connection

from services.indexer.points import points_of
from services.indexer.state import (
    Image,
    Item,
    image_of,
    images_between,
    images_of,
    items_of,
    locked_item,
    save_image,
)
from services.indexer.texts import text_of
from services.indexer.writing import put
from shared.contracts.analysis import Analysis, analysis_key
from shared.contracts.fields import MAX_PIECES
from shared.contracts.messages import AnalysisMissing
from shared.contracts.reconcile import CatalogueListed, IndexCompared, ListedImage, Stranger
from shared.database import Database
from shared.errors import NotFound
from shared.messaging import Publisher
from shared.objectstore import ObjectStore
from shared.vectorstore import AnyOf, Filter, Point, Text, VectorStore

_SCANNED = 200
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Target:
    """The collection that searches read, and the model of its vectors."""

    model_version: str
    vectors: VectorStore
    generation: int = 1


class Comparer:
    """`active` tells, inside a transaction, which collection is compared."""

    def __init__(
        self, database: Database, analyses: ObjectStore, active: Callable[[Connection], Target], publisher: Publisher
    ) -> None:
        self._database = database
        self._analyses = analyses
        self._active = active
        self._publisher = publisher

    def catalogue_listed(self, message: CatalogueListed) -> None:
        """Compare without locks; what looks wrong is looked at again, and put right, under its item's lock."""
        found: Counter[str] = Counter()
        tenant = message.tenant
        with self._database.read() as session:
            rows = session.connection()
            target = self._active(rows)
            items = items_of(rows, tenant, {listed.sku for listed in message.images})
            images = images_of(rows, tenant, [listed.image_id for listed in message.images])
            ours = images_between(rows, tenant, message.after, message.until) if message.listed else {}
            scanned = self._scan(target, message)
            of_scanned = images_of(rows, tenant, [str(point.payload["image_id"]) for point in scanned])
        points = _points(target, tenant, [listed.image_id for listed in message.images])
        behind: set[str] = set()
        ahead: dict[str, int] = {}
        for listed in message.images:
            item = items.get(listed.sku) or Item(tenant, listed.sku)
            image = images.get(listed.image_id) or Image(tenant, listed.image_id, listed.sku)
            text = text_of(item, self._analyses)
            text_lost = text is None and item.text is not None
            if text_lost or not item.settled(listed.revision):
                behind.add(listed.sku)
            if item.revision > listed.revision:
                ahead[listed.sku] = item.revision
            if text_lost:
                continue  # its points are compared when its words are there again
            if listed.indexed and self._wrong(target, listed, item, image, text, points[listed.image_id]):
                found.update(self._put_right(target, message, listed))
        named = {listed.image_id for listed in message.images}
        strangers = {image.image_id: image.sku for image in ours.values() if image.image_id not in named}
        for point in scanned:
            image_id, sku = str(point.payload["image_id"]), str(point.payload["sku"])
            known_image = of_scanned.get(image_id)
            if known_image is None:
                strangers[image_id] = sku
            elif known_image.removed and self._take_out(target, tenant, image_id, sku):
                found["point-of-removed"] += 1
        self._publisher.publish(
            IndexCompared(
                tenant=tenant,
                correlation_id=message.correlation_id,
                run=message.run,
                page=message.page,
                until=message.until,
                found=found,
                strangers=[Stranger(image_id=image_id, sku=sku) for image_id, sku in strangers.items()],
                behind=sorted(behind),
                ahead=ahead,
                scan_next=scanned[-1].id if len(scanned) == _SCANNED else None,
            )
        )

    def _scan(self, target: Target, message: CatalogueListed) -> list[Point]:
        if message.scan_after is None:
            return []
        return target.vectors.scroll(message.tenant, limit=_SCANNED, after=message.scan_after or None)

    def _wrong(
        self,
        target: Target,
        listed: ListedImage,
        item: Item,
        image: Image,
        text: Text | None,
        points: list[Point],
    ) -> bool:
        analysis = self._analysis(target, item.tenant, listed.sha256)
        if image.gone_with(item):
            return False  # removed after the page was written
        return analysis is None or not image.stored or not _same(points, points_of(item, image, analysis, text))

    def _put_right(self, target: Target, message: CatalogueListed, listed: ListedImage) -> Counter[str]:
        found: Counter[str] = Counter()
        tenant = message.tenant
        analysis = self._analysis(target, tenant, listed.sha256)
        with self._database.write() as session:
            rows = session.connection()
            item = locked_item(rows, tenant, listed.sku)
            image = image_of(rows, tenant, listed.image_id, listed.sku)
            image.item_revision = max(image.item_revision or 0, listed.item_revision)
            if image.gone_with(item):
                return found
            if analysis is None:
                found["analysis-missing"] += 1
                self._publisher.publish(_missing(message, listed, target.model_version))
                return found
            expected = points_of(item, image, analysis, text_of(item, self._analyses))
            points = _points(target, tenant, [listed.image_id])[listed.image_id]
            if not _same(points, expected):
                missing = {point.id for point in expected} - {point.id for point in points}
                found["point-missing" if missing else "point-stale"] += 1
                put(target.vectors, tenant, {listed.image_id: expected})
            if not image.stored:
                found["row-missing"] += 1
            image.sha256, image.model_version = listed.sha256, target.model_version
            image.written(target.generation, len(expected))
            save_image(rows, image)
        _log.warning("index_repaired", image_id=listed.image_id, sku=listed.sku, found=dict(found))
        return found

    def _take_out(self, target: Target, tenant: str, image_id: str, sku: str) -> bool:
        with self._database.write() as session:
            locked_item(session.connection(), tenant, sku)
            of_image = Filter(must=(AnyOf("image_id", (image_id,)),))
            there = target.vectors.count(tenant, of_image) > 0
            target.vectors.delete(tenant, of_image)
        return there

    def _analysis(self, target: Target, tenant: str, sha256: str) -> Analysis | None:
        try:
            data = self._analyses.get(tenant, analysis_key(sha256, target.model_version))
        except NotFound:
            return None
        return Analysis.model_validate_json(data)


def _points(target: Target, tenant: str, image_ids: list[str]) -> dict[str, list[Point]]:
    """Those of these pictures, by image id; a picture without any has an empty list."""
    found: dict[str, list[Point]] = defaultdict(list)
    if image_ids:
        of_images = Filter(must=(AnyOf("image_id", image_ids),))
        for point in target.vectors.scroll(tenant, of_images, limit=MAX_PIECES * len(image_ids)):
            found[str(point.payload["image_id"])].append(point)
    return found


def _same(points: Iterable[Point], expected: Iterable[Point]) -> bool:
    return {point.id: dict(point.payload) for point in points} == {point.id: dict(point.payload) for point in expected}


def _missing(message: CatalogueListed, listed: ListedImage, model_version: str) -> AnalysisMissing:
    return AnalysisMissing(
        tenant=message.tenant,
        correlation_id=message.correlation_id,
        sku=listed.sku,
        image_id=listed.image_id,
        sha256=listed.sha256,
        item_revision=listed.item_revision,
        model_version=model_version,
    )
