"""What the embedder does with the messages of its queue."""

from __future__ import annotations

from typing import Protocol

from services.embedder import metrics
from services.embedder.batcher import Lane
from shared.contracts.analysis import Analysis, analysis_key, picture_key
from shared.contracts.messages import ImageAnalysed, ImageRejected, ImageStored
from shared.errors import NotFound, Permanent
from shared.messaging import Publisher
from shared.objectstore.port import ObjectStore


class Analyse(Protocol):
    @property
    def model_version(self) -> str: ...

    def __call__(self, data: bytes, lane: Lane) -> Analysis: ...


def handle_image_stored(
    message: ImageStored, *, pictures: ObjectStore, analyses: ObjectStore, analyse: Analyse, publisher: Publisher
) -> None:
    """Analyse the picture unless that is done, and always publish the outcome: a worker may have died before it could.

    A picture that is gone or cannot be decoded is rejected with the reason; `Retryable` is left to the consumer.
    """
    key = analysis_key(message.sha256, analyse.model_version)
    if analyses.exists(message.tenant, key):
        metrics.PICTURES.labels("repeated").inc()
    else:
        try:
            analysis = analyse(_bytes_of(message, pictures), "ingest")
        except Permanent as error:
            metrics.PICTURES.labels("rejected").inc()
            publisher.publish(_rejected(message, error))
            return
        analyses.put(message.tenant, key, analysis.model_dump_json().encode())
        metrics.PICTURES.labels("analysed").inc()
    publisher.publish(
        ImageAnalysed(
            tenant=message.tenant,
            correlation_id=message.correlation_id,
            sku=message.sku,
            image_id=message.image_id,
            sha256=message.sha256,
            item_revision=message.item_revision,
            model_version=analyse.model_version,
        )
    )


def _bytes_of(message: ImageStored, pictures: ObjectStore) -> bytes:
    try:
        return pictures.get(message.tenant, picture_key(message.sha256))
    except NotFound as error:
        raise NotFound("The picture is no longer in the object store. Upload it again.") from error


def _rejected(message: ImageStored, error: Permanent) -> ImageRejected:
    return ImageRejected(
        tenant=message.tenant,
        correlation_id=message.correlation_id,
        sku=message.sku,
        image_id=message.image_id,
        code=error.code,
        reason=error.detail,
    )
