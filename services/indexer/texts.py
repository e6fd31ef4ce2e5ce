"""The words of items: brought to their points, whenever they or the points come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from services.indexer.collections import Stores, written
from services.indexer.state import Item, locked_items, pictured, save_items
from shared.contracts.messages import ItemChanged, ItemIndexed, ItemTextAnalysed
from shared.contracts.text import TextVectors, text_key
from shared.database import Database
from shared.errors import NotFound, Retryable
from shared.messaging import Publisher
from shared.objectstore import ObjectStore
from shared.vectorstore import AnyOf, Filter, Text

_log = structlog.get_logger(__name__)


def text_of(item: Item, analyses: ObjectStore) -> Text | None:
    """The item's words; None before they were heard of, or when their object is lost: the comparison finds that."""
    if item.text is None:
        return None
    text = _read(analyses, item.tenant, item.text)
    if text is None:
        _log.warning("text_lost", sku=item.sku, object=item.text)
    return text


def tell_settled(
    publisher: Publisher,
    messages: Sequence[ItemChanged] | Sequence[ItemTextAnalysed],
    items: Mapping[tuple[str, str], Item],
) -> None:
    """Tell the outcome of each revision whose fields and words are both in the index. `items` by tenant and SKU."""
    for message in messages:
        if items[message.tenant, message.sku].settled(message.revision):
            publisher.publish(
                ItemIndexed(
                    tenant=message.tenant,
                    correlation_id=message.correlation_id,
                    sku=message.sku,
                    revision=message.revision,
                )
            )


class TextIndexer:
    """Writes words to the active collection and to one that is being filled."""

    def __init__(self, database: Database, analyses: ObjectStore, stores: Stores, publisher: Publisher) -> None:
        self._database = database
        self._analyses = analyses
        self._stores = stores
        self._publisher = publisher

    def text_analysed(self, message: ItemTextAnalysed) -> None:
        self.texts_analysed([message])

    def texts_analysed(self, messages: Sequence[ItemTextAnalysed]) -> None:
        """Bring each item's words to all its points, unless those of a newer revision came before.

        A newer revision with the same words changes no point; a repeat of the same revision writes again.

        Raises `Retryable` when an object is not there: it is written before the message, so a copy may be late, or it
        was lost, and the embedder, sent the item again by the outbox, makes it anew.
        """
        with self._database.write() as session:
            rows = session.connection()
            items = locked_items(rows, ((message.tenant, message.sku) for message in messages))
            shown = pictured(rows, items)
            targets = written(rows)
            for message in messages:
                item = items[message.tenant, message.sku]
                if message.revision < item.text_revision or message.revision <= item.removed_revision:
                    continue
                key = text_key(message.sha256, message.model_version)
                has_it = item.text == key and message.revision > item.text_revision
                item.text_revision = message.revision
                item.text_sha256, item.text_model = message.sha256, message.model_version
                if (item.tenant, item.sku) not in shown or has_it:
                    continue
                text = _read(self._analyses, item.tenant, key)
                if text is None:
                    raise _not_there(message)
                of_item = Filter(must=(AnyOf("sku", (item.sku,)),))
                for target in targets:
                    store = self._stores.of(target)
                    store.set_text(item.tenant, of_item, text)
                    store.set_payload(item.tenant, of_item, {"text": key})
            save_items(rows, items.values())
        tell_settled(self._publisher, messages, items)


def _read(analyses: ObjectStore, tenant: str, key: str) -> Text | None:
    try:
        vectors = TextVectors.model_validate_json(analyses.get(tenant, key))
    except NotFound:
        return None
    return Text(vectors.meaning(), vectors.terms)


def _not_there(message: ItemTextAnalysed) -> Retryable:
    return Retryable(
        f"The vectors of the text of item {message.sku} are not in the object store, though their message came. "
        "If this stays, check that the embedder and the indexer have the same OBJECT_STORE_URL."
    )
