"""What the embedder answers to item.changed: the item's words as an object, and always the outcome."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.embedder.texts import ItemTexts
from shared import objectstore
from shared.contracts.fields import pack_vector
from shared.contracts.messages import ItemChanged, ItemFields, ItemTextAnalysed, Message
from shared.contracts.text import MAX_TEXT, TEXT_DIMENSION, TextVectors, text_key, text_of
from shared.objectstore import ObjectStore

TENANT = "acme"
FIELDS = ItemFields(
    title="Emerald halo ring",
    description="Made by hand.",
    brand="Maison Lune",
    tags=["gift"],
    attributes={"metal": "18k rose gold"},
    created_at=datetime(2026, 5, 1, tzinfo=UTC),
)


class Shop:
    def __init__(self, analyses: ObjectStore) -> None:
        self.analysed: list[str] = []
        self.sent: list[Message] = []
        self.texts = ItemTexts(self._analyse, "text-1", analyses, self)

    def publish(self, message: Message) -> None:
        self.sent.append(message)

    def change(self, revision: int, **fields: Any) -> None:
        told = FIELDS.model_copy(update=fields)
        self.texts.item_changed(_changed(revision, told))

    def _analyse(self, text: str) -> TextVectors:
        self.analysed.append(text)
        dense = np.eye(1, TEXT_DIMENSION, dtype=np.float32)[0]
        return TextVectors(model_version="text-1", dense=pack_vector(dense), terms={7: 1.5})


def _changed(revision: int, fields: ItemFields | None) -> ItemChanged:
    return ItemChanged(tenant=TENANT, correlation_id="c", sku="RING-1", revision=revision, fields=fields)


@pytest.fixture
def analyses(tmp_path: Path) -> ObjectStore:
    return objectstore.open(tmp_path.as_uri(), "analyses")


def test_an_items_words_become_an_object_that_the_message_names(analyses: ObjectStore) -> None:
    shop = Shop(analyses)
    shop.change(3)
    (told,) = shop.sent
    assert isinstance(told, ItemTextAnalysed)
    assert (told.tenant, told.correlation_id, told.sku, told.revision) == (TENANT, "c", "RING-1", 3)
    vectors = TextVectors.model_validate_json(analyses.get(TENANT, text_key(told.sha256, told.model_version)))
    assert vectors.terms == {7: 1.5}
    for word in ("Emerald halo ring", "Made by hand", "Maison Lune", "gift", "18k rose gold"):
        assert word in shop.analysed[0]


def test_words_that_are_known_are_not_analysed_again_and_are_told_again(analyses: ObjectStore) -> None:
    shop = Shop(analyses)
    shop.change(1)
    shop.change(1)
    shop.change(2, price=9.0)
    assert len(shop.analysed) == 1
    assert [message.revision for message in shop.sent if isinstance(message, ItemTextAnalysed)] == [1, 1, 2]


@pytest.mark.parametrize("field", ["title", "description", "brand"])
def test_a_changed_word_is_another_text(analyses: ObjectStore, field: str) -> None:
    shop = Shop(analyses)
    shop.change(1)
    shop.change(2, **{field: "something else"})
    assert len(shop.analysed) == 2


def test_a_removed_item_has_no_words(analyses: ObjectStore) -> None:
    shop = Shop(analyses)
    shop.texts.item_changed(_changed(2, None))
    assert (shop.analysed, shop.sent) == ([], [])


def test_a_text_begins_with_the_title_and_ends_at_the_limit() -> None:
    text = text_of(FIELDS.model_copy(update={"description": "x" * 2 * MAX_TEXT}))
    assert text.startswith("Emerald halo ring\nMaison Lune\ngift\n18k rose gold\nxxx")
    assert len(text) == MAX_TEXT
