"""What the indexer does with the messages of its queue.

Messages come in any order and more than once. Each handler decides under the item's row lock, writes the index inside
it, and publishes its outcome after the commit, whether there was anything left to do or not: a worker may have died
between the two. When the commit fails after the index was written, the message comes again and writes the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.engine import Connection

from services.indexer import metrics
from services.indexer.collections import Collection, Stores, active_of, written
from services.indexer.points import field_payload, known, said_of
from services.indexer.state import (
    Image,
    Item,
    forget_images,
    image_of,
    images_like,
    images_of_item,
    locked_item,
    locked_items,
    pictured,
    save_image,
    save_images,
    save_items,
)
from services.indexer.texts import tell_settled, text_of
from services.indexer.writing import Writes
from shared.contracts.analysis import Analysis, analysis_key
from shared.contracts.messages import (
    AnalysisMissing,
    CorrectionIndexed,
    ImageAnalysed,
    ImageCorrected,
    ImageIndexed,
    ImageRejected,
    ImageRemoved,
    ImageUnindexed,
    ItemChanged,
)
from shared.database import Database
from shared.errors import NotFound, Retryable
from shared.messaging import Publisher
from shared.objectstore import ObjectStore
from shared.vectorstore import AnyOf, Between, Filter

_WORDS = {"description", "attributes"}
"""The fields of an item that only its text has."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A picture as the active collection has it."""

    analysis: Analysis
    corrections: Mapping[str, str]


class Indexer:
    """The only writer of the vector index. Each write goes to the active collection and to one that is being filled."""

    def __init__(self, database: Database, analyses: ObjectStore, stores: Stores, publisher: Publisher) -> None:
        self._database = database
        self._analyses = analyses
        self._stores = stores
        self._publisher = publisher

    def image_analysed(self, message: ImageAnalysed) -> None:
        self.images_analysed([message])

    def images_analysed(self, messages: Sequence[ImageAnalysed]) -> None:
        """Index each picture, or say that it stays out because it, or its item, was removed after it was stored.

        It goes to each collection whose model has analysed it. The active one without an analysis asks for it; but if
        its analysis is what the message tells of, that raises `Retryable`: it is written before the message, so a copy
        may be late, or it was lost and the embedder, sent the picture again meanwhile, makes it anew.
        """
        shown: list[_Shown | None] = []
        gone: list[bool] = []
        with self._database.write() as session:
            rows = session.connection()
            items = locked_items(rows, ((message.tenant, message.sku) for message in messages))
            images = images_like(rows, [(m.tenant, m.image_id, m.sku) for m in messages])
            targets = written(rows)
            active = active_of(targets)
            models = {target.model.version for target in targets}
            writes, changed = Writes(), dict[str, Image]()
            for message in messages:
                item, image = items[message.tenant, message.sku], images[message.tenant, message.image_id]
                image.item_revision = max(image.item_revision or 0, message.item_revision)
                gone.append(image.gone_with(item))
                shown.append(None)
                if not gone[-1] and message.model_version in models:
                    image.sha256 = message.sha256
                    shown[-1] = self._index(item, image, targets, writes)
                    if shown[-1] is None and message.model_version == active.model.version:
                        raise _not_there(message.sha256)
                    changed[image.image_id] = image
            writes.write(self._stores)
            save_images(rows, changed.values())
        for message, dropped, known_now in zip(messages, gone, shown, strict=True):
            if dropped:
                metrics.PICTURES.labels("dropped").inc()
                self._publisher.publish(_unindexed(message))
            elif known_now:
                self._tell_indexed(message, targets, active, known_now)
            elif self._analysis(message.tenant, message.sha256, active.model.version) is None:
                self._publisher.publish(_missing(message, active.model.version))

    def image_rejected(self, message: ImageRejected) -> None:
        """Note that the model which a collection is filled by cannot analyse the picture: it is not waited for."""
        if message.model_version is None:
            return
        with self._database.write() as session:
            rows = session.connection()
            locked_item(rows, message.tenant, message.sku)
            image = image_of(rows, message.tenant, message.image_id, message.sku)
            for target in written(rows):
                wanted = target.state == "filling" and target.model.version == message.model_version
                if wanted and image.sha256 and image.generation < target.generation:
                    image.refused = target.generation
                    save_image(rows, image)
                    _log.warning("picture_refused", sku=message.sku, image_id=message.image_id, reason=message.reason)

    def image_removed(self, message: ImageRemoved) -> None:
        """Take the picture out of the index for good."""
        with self._database.write() as session:
            rows = session.connection()
            locked_item(rows, message.tenant, message.sku)
            image = image_of(rows, message.tenant, message.image_id, message.sku)
            if not image.removed:
                image.removed = True
                of_image = Filter(must=(AnyOf("image_id", (message.image_id,)),))
                for target in written(rows):
                    self._stores.of(target).delete(message.tenant, of_image)
                save_image(rows, image)
        self._publisher.publish(_unindexed(message))

    def image_corrected(self, message: ImageCorrected) -> None:
        """Keep the corrections for whenever the picture is indexed, and apply them now if it is."""
        with self._database.write() as session:
            rows = session.connection()
            item = locked_item(rows, message.tenant, message.sku)
            image = image_of(rows, message.tenant, message.image_id, message.sku)
            if message.revision > image.correction_revision:
                image.correction_revision = message.revision
                image.corrections = {str(name): value for name, value in message.corrections.items()}
                if image.sha256 and not image.gone_with(item):
                    targets = written(rows)
                    indexed = image.generation >= active_of(targets).generation
                    writes = Writes()
                    if self._index(item, image, targets, writes) is None and indexed:
                        raise _not_there(image.sha256)
                    writes.write(self._stores)
                save_image(rows, image)
        self._publisher.publish(
            CorrectionIndexed(
                tenant=message.tenant,
                correlation_id=message.correlation_id,
                image_id=message.image_id,
                revision=message.revision,
            )
        )

    def item_changed(self, message: ItemChanged) -> None:
        self.items_changed([message])

    def items_changed(self, messages: Sequence[ItemChanged]) -> None:
        """Bring each item's fields to all its pictures, or, when it was removed, take out those stored before.

        The outcome is told by whoever comes last: this, or the item's words.
        """
        with self._database.write() as session:
            rows = session.connection()
            items = locked_items(rows, ((message.tenant, message.sku) for message in messages))
            shown = pictured(rows, items)
            targets = written(rows)
            stores = [self._stores.of(target) for target in targets]
            for message in messages:
                tenant, revision, item = message.tenant, message.revision, items[message.tenant, message.sku]
                of_item = AnyOf("sku", (message.sku,))
                if message.fields is None and revision > item.removed_revision:
                    item.removed_revision = revision
                    item.text_sha256 = item.text_model = None
                    for store in stores:
                        store.delete(tenant, Filter(must=(of_item, Between("item_revision", high=revision))))
                    forget_images(rows, item)
                if revision > item.revision:
                    said = said_of(item)
                    item.revision = revision
                    item.fields = message.fields.model_dump(mode="json", exclude=_WORDS) if message.fields else None
                    if message.fields and (tenant, message.sku) in shown:
                        for store in stores:
                            store.set_payload(tenant, Filter(must=(of_item,)), field_payload(message.fields))
                        if said_of(item) != said:
                            self._index_again(rows, item, targets)
            save_items(rows, items.values())
        tell_settled(self._publisher, messages, items)

    def _index_again(self, rows: Connection, item: Item, targets: list[Collection]) -> None:
        """All of the item's pictures: what is known of them has changed."""
        writes = Writes()
        images = [image for image in images_of_item(rows, item) if not image.gone_with(item)]
        for image in images:
            self._index(item, image, targets, writes)
        writes.write(self._stores)
        save_images(rows, images)

    def _index(self, item: Item, image: Image, targets: list[Collection], writes: Writes) -> _Shown | None:
        """Its points for each target whose model has analysed the picture; what the active shows, None without it."""
        assert image.sha256  # noqa: S101 - for mypy: the callers index what is analysed
        shown = None
        text = text_of(item, self._analyses)
        for target in targets:
            analysis = self._analysis(item.tenant, image.sha256, target.model.version)
            if analysis is None:
                continue
            writes.add(target, item, image, analysis, text)
            if target.state == "active":
                image.model_version = target.model.version
                shown = _Shown(analysis, image.corrections)
        return shown

    def _tell_indexed(
        self, message: ImageAnalysed, targets: list[Collection], active: Collection, shown: _Shown
    ) -> None:
        filling = {target.model.version for target in targets if target.state == "filling"}
        if message.model_version in filling - {active.model.version}:
            return  # the picture could be found before, and shows what it showed
        main = known(shown.analysis.pieces[0], shown.corrections)
        metrics.PICTURES.labels("indexed").inc()
        self._publisher.publish(
            ImageIndexed(
                tenant=message.tenant,
                correlation_id=message.correlation_id,
                sku=message.sku,
                image_id=message.image_id,
                model_version=active.model.version,
                warnings=shown.analysis.warnings,
                type=main["type"],
                metal=main["metal"],
                stone=main["stone"],
                cut=main["cut"],
                setting=main["setting"],
            )
        )

    def _analysis(self, tenant: str, sha256: str, model_version: str) -> Analysis | None:
        try:
            data = self._analyses.get(tenant, analysis_key(sha256, model_version))
        except NotFound:
            return None
        return Analysis.model_validate_json(data)


def _not_there(sha256: str) -> Retryable:
    return Retryable(
        f"The analysis of picture {sha256} is not in the object store, though its message came. "
        "If this stays, check that the embedder and the indexer have the same OBJECT_STORE_URL."
    )


def _missing(message: ImageAnalysed, model_version: str) -> AnalysisMissing:
    return AnalysisMissing(
        tenant=message.tenant,
        correlation_id=message.correlation_id,
        sku=message.sku,
        image_id=message.image_id,
        sha256=message.sha256,
        item_revision=message.item_revision,
        model_version=model_version,
    )


def _unindexed(message: ImageAnalysed | ImageRemoved) -> ImageUnindexed:
    return ImageUnindexed(
        tenant=message.tenant,
        correlation_id=message.correlation_id,
        sku=message.sku,
        image_id=message.image_id,
    )
