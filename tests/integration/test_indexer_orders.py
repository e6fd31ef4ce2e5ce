"""Whatever a shop does, in whatever order its messages arrive: the index ends as a simple oracle says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.indexer.points import field_payload
from shared.contracts.analysis import AttributeName
from shared.contracts.messages import (
    CorrectionIndexed,
    ImageAnalysed,
    ImageCorrected,
    ImageIndexed,
    ImageRemoved,
    ImageUnindexed,
    ItemChanged,
    ItemFields,
    ItemIndexed,
    ItemTextAnalysed,
    Message,
)
from shared.contracts.text import text_key
from tests.support.databases import NewDatabase
from tests.support.indexing import MODEL, World, worlds


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory, new_database: NewDatabase) -> Iterator[Callable[[], World]]:
    with worlds(tmp_path_factory.mktemp("indexer"), new_database()) as new_world:
        yield new_world


steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(1, 3)),
        st.tuples(st.just("remove"), st.just(0)),
        st.tuples(st.just("upload"), st.just(0)),
        st.tuples(st.just("delete"), st.integers(0, 3)),
        st.tuples(st.just("correct"), st.integers(0, 3)),
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps, data=st.data())
def test_any_order_and_repetition_of_a_shops_messages_ends_in_the_same_index(
    parts: Callable[[], World], steps: list[tuple[str, int]], data: st.DataObject
) -> None:
    world = parts()
    shop = Shop(world)
    for step, value in steps:
        getattr(shop, step)(value)
    repeats = data.draw(st.lists(st.sampled_from(shop.messages), max_size=5)) if shop.messages else []
    deliveries = data.draw(st.permutations([*shop.messages, *repeats]))
    world.deliver(*deliveries)
    assert world.index() == shop.expected()
    told = {message.revision for message in world.recorder.published if isinstance(message, ItemIndexed)}
    assert told == {message.revision for message in deliveries if isinstance(message, ItemChanged)}
    answered = [type(message) for message in world.recorder.published if not isinstance(message, ItemIndexed)]
    asked = [type(message) for message in deliveries if type(message) in OUTCOMES]
    for cause, outcome in zip(asked, answered, strict=True):
        assert outcome in OUTCOMES[cause]


OUTCOMES: dict[type[Message], tuple[type[Message], ...]] = {
    ImageAnalysed: (ImageIndexed, ImageUnindexed),
    ImageRemoved: (ImageUnindexed,),
    ImageCorrected: (CorrectionIndexed,),
}


class Shop:
    """The oracle: what a shop does to one item, in its own order, and what must be found at the end."""

    def __init__(self, world: World) -> None:
        self.messages: list[Message] = []
        self._world = world
        self._revision = 0
        self._fields: ItemFields | None = None
        self._text: ItemTextAnalysed | None = None
        self._live: dict[int, ImageAnalysed] = {}
        self._corrections: dict[int, dict[AttributeName, str]] = {}
        self._images = 0
        self._correction_revision = 0

    def put(self, price: int) -> None:
        self._revision += 1
        change = self._world.changed(self._revision, price=float(price) if price > 1 else None)
        self._fields = change.fields
        self._text = self._world.text_analysed(change)
        self.messages += [change, self._text]

    def remove(self, _: int) -> None:
        if self._fields is not None:
            self._revision += 1
            self._fields = None
            self._live.clear()
            self.messages.append(self._world.changed(self._revision, removed=True))

    def upload(self, _: int) -> None:
        if self._fields is not None:
            self._images += 1
            self._live[self._images] = self._world.analysed(self._images, self._revision)
            self.messages.append(self._live[self._images])

    def delete(self, which: int) -> None:
        if self._live:
            image = self._one_of_the_live(which)
            del self._live[image]
            self.messages.append(self._world.removed(image))

    def correct(self, which: int) -> None:
        if self._live:
            image = self._one_of_the_live(which)
            self._correction_revision += 1
            corrections: dict[AttributeName, str] = (
                {"type": f"kind {self._correction_revision}"} if self._correction_revision % 3 else {}
            )
            self._corrections[image] = corrections
            self.messages.append(self._world.corrected(image, self._correction_revision, corrections))

    def _one_of_the_live(self, which: int) -> int:
        return sorted(self._live)[which % len(self._live)]

    def expected(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for image, message in self._live.items():
            corrected = self._corrections.get(image, {}).get("type")
            assert self._fields
            assert self._text
            fields = {name: value for name, value in field_payload(self._fields).items() if value is not None}
            found[message.image_id] = {
                "sku": message.sku,
                "image_id": message.image_id,
                "sha256": message.sha256,
                "model_version": MODEL,
                "item_revision": message.item_revision,
                "type": corrected or "ring",
                "type_confidence": 1.0 if corrected else 0.75,
                "text": text_key(self._text.sha256, self._text.model_version),
                **fields,
            }
        return found
