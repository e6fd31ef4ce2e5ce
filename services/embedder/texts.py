"""The vectors of items' texts, each an object that is made once."""

from __future__ import annotations

import threading
from collections.abc import Callable

from services.embedder import metrics
from shared.contracts.messages import ItemChanged, ItemTextAnalysed
from shared.contracts.text import TextVectors, sha256_of, text_key, text_of
from shared.messaging import Publisher
from shared.objectstore import ObjectStore


class ItemTexts:
    """`analyse` is called for one item at a time, so that queries and pictures find a core."""

    def __init__(
        self,
        analyse: Callable[[str], TextVectors],
        model_version: str,
        analyses: ObjectStore,
        publisher: Publisher,
    ) -> None:
        self._analyse = analyse
        self._model_version = model_version
        self._analyses = analyses
        self._publisher = publisher
        self._one_at_a_time = threading.Lock()

    def item_changed(self, message: ItemChanged) -> None:
        """Write the vectors of the item's text, unless they are there, and tell of them. A removed item has none."""
        if message.fields is None:
            return
        text = text_of(message.fields)
        sha256 = sha256_of(text)
        key = text_key(sha256, self._model_version)
        if self._analyses.exists(message.tenant, key):
            metrics.TEXTS.labels("repeated").inc()
        else:
            with self._one_at_a_time:
                vectors = self._analyse(text)
            self._analyses.put(message.tenant, key, vectors.model_dump_json().encode())
            metrics.TEXTS.labels("analysed").inc()
        self._publisher.publish(
            ItemTextAnalysed(
                tenant=message.tenant,
                correlation_id=message.correlation_id,
                sku=message.sku,
                revision=message.revision,
                sha256=sha256,
                model_version=self._model_version,
            )
        )
