"""The indexer over a real database, object store and vector engine: any order, any number of times, one result."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import permutations, zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.indexer import main
from services.indexer.handlers import Indexer
from services.indexer.points import field_payload
from shared import database, objectstore, vectorstore
from shared.contracts.analysis import Analysis, Attribute, AttributeName, Piece, QualityWarning, analysis_key
from shared.contracts.fields import pack_vector
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
    Message,
)
from shared.errors import Permanent, Retryable
from shared.objectstore import ObjectStore
from shared.vectorstore import VectorStore

MODEL = "model-1"
DIMENSION = 8
MIGRATIONS = Path(main.__file__).parent / "migrations"
CREATED = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Recorder:
    def __init__(self) -> None:
        self.published: list[Message] = []

    def publish(self, message: Message) -> None:
        self.published.append(message)


@dataclass
class World:
    """An indexer on real parts, and a shop of its own to talk about."""

    indexer: Indexer
    recorder: Recorder
    vectors: VectorStore
    analyses: ObjectStore
    tenant: str = field(default_factory=lambda: f"t-{uuid.uuid4().hex}")

    def deliver(self, *messages: Message) -> None:
        handlers: dict[type[Message], Callable[[Any], None]] = {
            ImageAnalysed: self.indexer.image_analysed,
            ImageRemoved: self.indexer.image_removed,
            ImageCorrected: self.indexer.image_corrected,
            ItemChanged: self.indexer.item_changed,
        }
        for message in messages:
            handlers[type(message)](message)

    def index(self) -> dict[str, dict[str, Any]]:
        """Image id -> what the index tells of it."""
        points = self.vectors.scroll(self.tenant)
        found = {point.payload["image_id"]: dict(point.payload) for point in points}
        assert len(found) == len(points), "a picture is in the index twice"
        return found

    def changed(self, revision: int, *, price: float | None = 100.0, removed: bool = False) -> ItemChanged:
        fields = None if removed else ItemFields(title=f"at {revision}", price=price, tags=["gold"], created_at=CREATED)
        return ItemChanged(tenant=self.tenant, correlation_id="c", sku="RING-1", revision=revision, fields=fields)

    def analysed(self, image: int, item_revision: int) -> ImageAnalysed:
        sha256 = f"{image:064x}"
        vector = np.eye(DIMENSION, dtype=np.float32)[image % DIMENSION]
        piece = Piece(vector=pack_vector(vector), type=Attribute(value="ring", confidence=0.75))
        warnings = [QualityWarning(code="blurred", message="Hold still.")]
        analysis = Analysis(sha256=sha256, model_version=MODEL, width=9, height=9, pieces=[piece], warnings=warnings)
        self.analyses.put(self.tenant, analysis_key(sha256, MODEL), analysis.model_dump_json().encode())
        return ImageAnalysed(
            tenant=self.tenant,
            correlation_id="c",
            sku="RING-1",
            image_id=image_id(image),
            sha256=sha256,
            item_revision=item_revision,
            model_version=MODEL,
        )

    def removed(self, image: int) -> ImageRemoved:
        return ImageRemoved(tenant=self.tenant, correlation_id="c", sku="RING-1", image_id=image_id(image))

    def corrected(self, image: int, revision: int, corrections: dict[AttributeName, str]) -> ImageCorrected:
        return ImageCorrected(
            tenant=self.tenant,
            correlation_id="c",
            sku="RING-1",
            image_id=image_id(image),
            revision=revision,
            corrections=corrections,
        )


def image_id(image: int) -> str:
    return str(uuid.UUID(int=image))


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], World]]:
    folder = tmp_path_factory.mktemp("indexer")
    state = database.open(f"sqlite:///{folder}/indexer.db")
    state.migrate(MIGRATIONS)
    analyses = objectstore.open(f"file://{folder}/objects", "analyses")
    vectors = vectorstore.open(f"edge://{folder}/vectors", "pieces-test", DIMENSION)

    def world() -> World:
        recorder = Recorder()
        return World(Indexer(state, analyses, vectors, recorder, MODEL), recorder, vectors, analyses)

    yield world
    vectors.close()
    state.close()


@pytest.fixture
def world(parts: Callable[[], World]) -> World:
    return parts()


def test_a_picture_and_its_items_fields_meet_in_the_index_whichever_comes_first(parts: Callable[[], World]) -> None:
    tellings = []
    for order in permutations((0, 1)):
        world = parts()
        messages = [world.changed(1), world.analysed(1, item_revision=1)]
        world.deliver(*(messages[i] for i in order))
        tellings.append(world.index()[image_id(1)])
    assert tellings[0] == tellings[1]
    assert tellings[0] == {
        "sku": "RING-1",
        "image_id": image_id(1),
        "sha256": f"{1:064x}",
        "model_version": MODEL,
        "item_revision": 1,
        "type": "ring",
        "type_confidence": 0.75,
        "title": "at 1",
        "price": 100.0,
        "in_stock": True,
        "tags": ["gold"],
        "created_at": "2026-05-01T12:00:00+00:00",
        "created_ts": CREATED.timestamp(),
    }


def test_the_outcome_tells_what_the_picture_shows_and_its_warnings(world: World) -> None:
    world.deliver(world.corrected(1, 1, {"metal": "gold"}), world.analysed(1, 1))
    outcome = world.recorder.published[-1]
    assert isinstance(outcome, ImageIndexed)
    assert outcome.type == Attribute(value="ring", confidence=0.75)
    assert outcome.metal == Attribute(value="gold", confidence=1.0)
    assert outcome.stone is None
    assert [warning.code for warning in outcome.warnings] == ["blurred"]


def test_a_price_change_that_overtakes_a_picture_does_not_drop_it(world: World) -> None:
    world.deliver(world.changed(1), world.changed(2, price=90.0), world.analysed(1, item_revision=1))
    assert world.index()[image_id(1)]["price"] == 90.0


def test_a_price_that_is_taken_back_is_gone_from_the_index(world: World) -> None:
    world.deliver(world.changed(1), world.analysed(1, 1), world.changed(2, price=None))
    assert "price" not in world.index()[image_id(1)]


def test_a_picture_analysed_after_its_removal_stays_out_and_that_is_said(world: World) -> None:
    world.deliver(world.removed(1), world.analysed(1, 1))
    assert world.index() == {}
    assert [type(m) for m in world.recorder.published] == [ImageUnindexed, ImageUnindexed]


def test_an_item_put_again_lives_even_when_its_removal_arrives_last(world: World) -> None:
    old, new = world.analysed(1, item_revision=1), world.analysed(2, item_revision=3)
    world.deliver(world.changed(1), old, world.changed(3), new, world.changed(2, removed=True), old)
    assert set(world.index()) == {image_id(2)}
    assert world.index()[image_id(2)]["title"] == "at 3"


def test_a_correction_taken_back_shows_what_the_model_saw(world: World) -> None:
    world.deliver(world.analysed(1, 1), world.corrected(1, 1, {"type": "pendant"}))
    assert world.index()[image_id(1)]["type"] == "pendant"
    assert world.index()[image_id(1)]["type_confidence"] == 1.0
    world.deliver(world.corrected(1, 2, {}))
    assert world.index()[image_id(1)]["type"] == "ring"
    assert world.index()[image_id(1)]["type_confidence"] == 0.75


def test_an_older_correction_that_arrives_later_changes_nothing(world: World) -> None:
    world.deliver(world.corrected(1, 2, {"type": "pendant"}), world.corrected(1, 1, {"type": "watch"}))
    world.deliver(world.analysed(1, 1))
    assert world.index()[image_id(1)]["type"] == "pendant"


def test_a_late_tombstone_spares_the_correction_of_a_picture_that_is_still_to_come(world: World) -> None:
    world.deliver(world.corrected(1, 1, {"type": "pendant"}), world.changed(2, removed=True))
    world.deliver(world.analysed(1, item_revision=3))
    assert world.index()[image_id(1)]["type"] == "pendant"


def test_messages_handled_by_many_threads_at_once_end_in_the_same_index(world: World) -> None:
    kept = [world.analysed(image, item_revision=3) for image in range(10, 20)]
    gone = [world.analysed(image, item_revision=1) for image in range(1, 10)]
    changes = [world.changed(1), world.changed(2, removed=True), *(world.changed(r, price=r) for r in range(3, 12))]
    removals = [world.removed(image) for image in range(10, 15)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(world.deliver, [m for four in zip_longest(kept, gone, changes, removals) for m in four if m]))
    assert set(world.index()) == {image_id(image) for image in range(15, 20)}
    assert {payload["price"] for payload in world.index().values()} == {11.0}


def test_every_repeat_publishes_its_outcome_again(world: World) -> None:
    messages = [world.changed(1), world.analysed(1, 1), world.corrected(1, 1, {"type": "x"}), world.removed(1)]
    for message in messages:
        world.deliver(message, message)
    names = [type(m).__name__ for m in world.recorder.published]
    assert names == [n for n in ("ItemIndexed", "ImageIndexed", "CorrectionIndexed", "ImageUnindexed") for _ in (1, 2)]


def test_an_analysis_that_is_not_there_yet_is_tried_again_and_nothing_is_written(world: World) -> None:
    message = world.analysed(1, 1)
    world.analyses.delete(world.tenant, analysis_key(message.sha256, MODEL))
    with pytest.raises(Retryable, match="not in the object store"):
        world.deliver(message)
    assert world.index() == {}
    assert world.recorder.published == []
    world.deliver(world.analysed(1, 1))
    assert set(world.index()) == {image_id(1)}


def test_an_analysis_by_another_model_is_refused_in_words(world: World) -> None:
    with pytest.raises(Permanent, match="model-0"):
        world.deliver(world.analysed(1, 1).model_copy(update={"model_version": "model-0"}))


def test_one_shops_removal_leaves_anothers_same_picture_in_place(parts: Callable[[], World]) -> None:
    ours, theirs = parts(), parts()
    ours.deliver(ours.changed(1), ours.analysed(1, 1))
    theirs.deliver(theirs.changed(1), theirs.analysed(1, 1))
    theirs.deliver(theirs.removed(1), theirs.changed(2, removed=True))
    assert set(ours.index()) == {image_id(1)}
    assert theirs.index() == {}


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
    answered = [type(message) for message in world.recorder.published]
    assert len(answered) == len(deliveries)
    for cause, outcome in zip(deliveries, answered, strict=True):
        assert outcome in OUTCOMES[type(cause)]


OUTCOMES: dict[type[Message], tuple[type[Message], ...]] = {
    ImageAnalysed: (ImageIndexed, ImageUnindexed),
    ImageRemoved: (ImageUnindexed,),
    ImageCorrected: (CorrectionIndexed,),
    ItemChanged: (ItemIndexed,),
}


class Shop:
    """The oracle: what a shop does to one item, in its own order, and what must be found at the end."""

    def __init__(self, world: World) -> None:
        self.messages: list[Message] = []
        self._world = world
        self._revision = 0
        self._fields: ItemFields | None = None
        self._live: dict[int, ImageAnalysed] = {}
        self._corrections: dict[int, dict[AttributeName, str]] = {}
        self._images = 0
        self._correction_revision = 0

    def put(self, price: int) -> None:
        self._revision += 1
        change = self._world.changed(self._revision, price=float(price) if price > 1 else None)
        self._fields = change.fields
        self.messages.append(change)

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
            fields = {name: value for name, value in field_payload(self._fields).items() if value is not None}
            found[message.image_id] = {
                "sku": message.sku,
                "image_id": message.image_id,
                "sha256": message.sha256,
                "model_version": MODEL,
                "item_revision": message.item_revision,
                "type": corrected or "ring",
                "type_confidence": 1.0 if corrected else 0.75,
                **fields,
            }
        return found
