"""What the indexer does with the messages of its queue.

Messages come in any order and more than once. Each handler decides under the item's row lock, writes the index inside
it, and publishes its outcome after the commit, whether there was anything left to do or not: a worker may have died
between the two. When the commit fails after the index was written, the message comes again and writes the same.
"""

from __future__ import annotations

from services.indexer import metrics
from services.indexer.points import Known, field_payload, known, point_of
from services.indexer.state import Image, Item, forget_images, image_of, locked_item, save_image, save_item
from shared.contracts.analysis import Analysis, analysis_key
from shared.contracts.messages import (
    CorrectionIndexed,
    ImageAnalysed,
    ImageCorrected,
    ImageIndexed,
    ImageRemoved,
    ImageUnindexed,
    ItemChanged,
    ItemIndexed,
)
from shared.database import Database
from shared.errors import NotFound, Permanent, Retryable
from shared.messaging import Publisher
from shared.objectstore import ObjectStore
from shared.vectorstore import AnyOf, Between, Filter, VectorStore


class Indexer:
    """The only writer of the vector index. `model_version` is the model whose vectors `vectors` holds."""

    def __init__(
        self,
        database: Database,
        analyses: ObjectStore,
        vectors: VectorStore,
        publisher: Publisher,
        model_version: str,
    ) -> None:
        self._database = database
        self._analyses = analyses
        self._vectors = vectors
        self._publisher = publisher
        self._model_version = model_version

    def image_analysed(self, message: ImageAnalysed) -> None:
        """Index the picture, or say that it stays out because it, or its item, was removed after it was stored.

        Raises `Permanent` for the analysis of another model, `Retryable` when the analysis is not in the object store:
        it is written before the message, so a copy may be late, or it was lost and the embedder, sent the picture
        again meanwhile, makes it anew.
        """
        if message.model_version != self._model_version:
            raise Permanent(
                f"The picture was analysed by model {message.model_version}; this index holds {self._model_version}."
                " Set MODEL_VERSION of the indexer and the model of the embedder to the same."
            )
        analysis = self._analysis(message.tenant, message.sha256)
        attributes: Known | None = None
        with self._database.write() as session:
            rows = session.connection()
            item = locked_item(rows, message.tenant, message.sku)
            image = image_of(rows, message.tenant, message.image_id, message.sku)
            image.item_revision = max(image.item_revision or 0, message.item_revision)
            if not image.gone_with(item):
                analysis = _present(analysis, message.sha256)
                image.sha256, image.model_version = message.sha256, message.model_version
                attributes = self._index(item, image, analysis)
                save_image(rows, image)
        if attributes is None or analysis is None:
            metrics.PICTURES.labels("dropped").inc()
            self._publisher.publish(_unindexed(message))
            return
        metrics.PICTURES.labels("indexed").inc()
        self._publisher.publish(
            ImageIndexed(
                tenant=message.tenant,
                correlation_id=message.correlation_id,
                sku=message.sku,
                image_id=message.image_id,
                model_version=message.model_version,
                warnings=analysis.warnings,
                type=attributes["type"],
                metal=attributes["metal"],
                stone=attributes["stone"],
            )
        )

    def image_removed(self, message: ImageRemoved) -> None:
        """Take the picture out of the index for good."""
        with self._database.write() as session:
            rows = session.connection()
            locked_item(rows, message.tenant, message.sku)
            image = image_of(rows, message.tenant, message.image_id, message.sku)
            if not image.removed:
                image.removed = True
                self._vectors.delete(message.tenant, Filter(must=(AnyOf("image_id", (message.image_id,)),)))
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
                if image.sha256 and image.model_version == self._model_version and not image.gone_with(item):
                    self._index(item, image, _present(self._analysis(item.tenant, image.sha256), image.sha256))
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
        """Bring the item's fields to all its pictures, or, when it was removed, take out those stored before."""
        tenant, sku, revision = message.tenant, message.sku, message.revision
        of_item = AnyOf("sku", (sku,))
        with self._database.write() as session:
            rows = session.connection()
            item = locked_item(rows, tenant, sku)
            if message.fields is None and revision > item.removed_revision:
                item.removed_revision = revision
                self._vectors.delete(tenant, Filter(must=(of_item, Between("item_revision", high=revision))))
                forget_images(rows, item)
            if revision > item.revision:
                item.revision = revision
                item.fields = message.fields.model_dump(mode="json") if message.fields else None
                if message.fields:
                    self._vectors.set_payload(tenant, Filter(must=(of_item,)), field_payload(message.fields))
            save_item(rows, item)
        self._publisher.publish(
            ItemIndexed(tenant=tenant, correlation_id=message.correlation_id, sku=sku, revision=revision)
        )

    def _index(self, item: Item, image: Image, analysis: Analysis) -> Known:
        attributes = known(analysis, image.corrections)
        self._vectors.upsert(item.tenant, [point_of(item, image, analysis, attributes)])
        return attributes

    def _analysis(self, tenant: str, sha256: str) -> Analysis | None:
        try:
            data = self._analyses.get(tenant, analysis_key(sha256, self._model_version))
        except NotFound:
            return None
        return Analysis.model_validate_json(data)


def _present(analysis: Analysis | None, sha256: str) -> Analysis:
    if analysis is None:
        raise Retryable(
            f"The analysis of picture {sha256} is not in the object store, though its message came. "
            "If this stays, check that the embedder and the indexer have the same OBJECT_STORE_URL."
        )
    return analysis


def _unindexed(message: ImageAnalysed | ImageRemoved) -> ImageUnindexed:
    return ImageUnindexed(
        tenant=message.tenant,
        correlation_id=message.correlation_id,
        sku=message.sku,
        image_id=message.image_id,
    )
