"""What the embedder does with the messages of its queue."""

from __future__ import annotations

from collections.abc import Sequence

from services.embedder import metrics
from services.embedder.analyse import Analyse
from services.embedder.quarantine import Quarantine
from services.embedder.redrawing import Redrawer
from shared.contracts.analysis import analysis_key, picture_key
from shared.contracts.messages import AnalysisMissing, ImageAnalysed, ImageRedrawn, ImageRejected, ImageStored
from shared.errors import NotFound, Permanent, Retryable
from shared.messaging import Publisher
from shared.objectstore.port import ObjectStore


def handle_image_stored(
    message: ImageStored | AnalysisMissing,
    *,
    pictures: ObjectStore,
    analyses: ObjectStore,
    models: Sequence[Analyse],
    quarantine: Quarantine,
    redrawer: Redrawer,
    publisher: Publisher,
) -> None:
    """Analyse the picture by every loaded model, unless that is done, and always publish the outcome.

    A worker may have died before it could, perhaps of the picture: one that was sent or delivered before without an
    analysis is analysed alone. One that is gone or cannot be decoded is rejected with the reason; `Retryable` is left
    to the consumer. All analyses are written before the first is told of, and before the picture is drawn again.
    """
    redrawn = False
    try:
        data = [_ensure(message, analyse, pictures, analyses, quarantine) for analyse in models]
        if isinstance(message, ImageStored) and (any(data) or message.attempt or message.blur_faces):
            redrawn = redrawer.redraw(message, next(filter(None, data), None) or _bytes_of(message, pictures))
    except Permanent as error:
        metrics.PICTURES.labels("rejected").inc()
        publisher.publish(_rejected(message, error))
        return
    if redrawn:
        publisher.publish(_redrawn(message))
    for analyse in models:
        publisher.publish(_analysed(message, analyse.model_version))


def handle_analysis_missing(
    message: AnalysisMissing,
    *,
    pictures: ObjectStore,
    analyses: ObjectStore,
    models: Sequence[Analyse],
    quarantine: Quarantine,
    redrawer: Redrawer,
    publisher: Publisher,
) -> None:
    """Analyse the picture by the model asked for, as `handle_image_stored` does.

    Raises `Retryable` when that model is not loaded here: another embedder, or this one after a restart, may have it.
    """
    wanted = [analyse for analyse in models if analyse.model_version == message.model_version]
    if not wanted:
        loaded = ", ".join(analyse.model_version for analyse in models)
        raise Retryable(
            f"The index wants an analysis by model {message.model_version}, and this embedder has {loaded}. "
            "Add the model's folder or name to EMBEDDER_MODEL_DIRS, or abort the reindex."
        )
    handle_image_stored(
        message,
        pictures=pictures,
        analyses=analyses,
        models=wanted,
        quarantine=quarantine,
        redrawer=redrawer,
        publisher=publisher,
    )


def _ensure(
    message: ImageStored | AnalysisMissing,
    analyse: Analyse,
    pictures: ObjectStore,
    analyses: ObjectStore,
    quarantine: Quarantine,
) -> bytes | None:
    """The picture's bytes, where they were needed."""
    key = analysis_key(message.sha256, analyse.model_version)
    if analyses.exists(message.tenant, key):
        metrics.PICTURES.labels("repeated").inc()
        return None
    data = _bytes_of(message, pictures)
    if message.attempt > 0:
        analysis = quarantine.analyse(message.tenant, message.sha256, data, analyse.model_version)
    else:
        analysis = analyse(data, "ingest")
    analysis = analysis.model_copy(update={"sha256": message.sha256})  # the name of the bytes that the shop sent
    with metrics.stage("write"):
        analyses.put(message.tenant, key, analysis.model_dump_json().encode())
    metrics.PICTURES.labels("analysed").inc()
    return data


def _analysed(message: ImageStored | AnalysisMissing, model_version: str) -> ImageAnalysed:
    return ImageAnalysed(
        tenant=message.tenant,
        correlation_id=message.correlation_id,
        sku=message.sku,
        image_id=message.image_id,
        sha256=message.sha256,
        item_revision=message.item_revision,
        model_version=model_version,
    )


def _redrawn(message: ImageStored | AnalysisMissing) -> ImageRedrawn:
    return ImageRedrawn(
        tenant=message.tenant,
        correlation_id=message.correlation_id,
        sku=message.sku,
        image_id=message.image_id,
        sha256=message.sha256,
    )


def _bytes_of(message: ImageStored | AnalysisMissing, pictures: ObjectStore) -> bytes:
    try:
        with metrics.stage("read"):
            return pictures.get(message.tenant, picture_key(message.sha256))
    except NotFound as error:
        raise NotFound("The picture is no longer in the object store. Upload it again.") from error


def _rejected(message: ImageStored | AnalysisMissing, error: Permanent) -> ImageRejected:
    return ImageRejected(
        tenant=message.tenant,
        correlation_id=message.correlation_id,
        sku=message.sku,
        image_id=message.image_id,
        code=error.code,
        reason=error.detail,
        model_version=message.model_version if isinstance(message, AnalysisMissing) else None,
    )
