"""The index moves to another model whatever is written meanwhile, and from the state of the first release."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sqlalchemy import text

from shared import database
from shared.contracts.messages import ImageAnalysed, Message
from tests.support.databases import NewDatabase
from tests.support.indexing import MIGRATIONS, image_id, worlds
from tests.support.reindexing import NEW, SECOND, active, answer, start, step


@pytest.mark.parametrize("seed", range(4))
def test_after_any_writes_between_any_steps_the_new_collection_holds_what_the_old_one_would(
    tmp_path: Path, new_database: NewDatabase, seed: int
) -> None:
    kinds = ["price", "upload", "upload", "upload", "remove", "correct", "fill", "answer", "drop item"]
    orders = random.Random(seed).choices(kinds, k=40)
    with worlds(tmp_path, new_database()) as new_world:
        world, alone = new_world(), new_world()
        world.seen = alone.seen = lambda model, image: 1 + (image + (model == SECOND)) % 3
        revision, picture = 1, 1
        script: list[Message] = []

        def tell(*messages: Message) -> None:
            script.extend(messages)
            world.deliver(*messages)

        tell(world.changed(1), world.analysed(1, 1))
        start(world)
        for order in orders:
            revision += order in ("price", "drop item")
            match order:
                case "price":
                    tell(world.changed(revision, price=revision))
                case "drop item":
                    tell(world.changed(revision, removed=True))
                    revision += 1
                    tell(world.changed(revision))
                case "upload":
                    picture += 1
                    tell(world.analysed(picture, revision))
                case "remove":
                    tell(world.removed(picture))
                case "correct":
                    tell(world.corrected(picture, revision + len(script), {"type": f"kind {len(script)}"}))
                case "fill":
                    world.filler.step()
                case "answer":
                    answer(world)
        for _ in range(3):
            step(world, 3)
            answer(world)
        step(world, 3)
        assert active(world) == NEW
        for message in script:
            if isinstance(message, ImageAnalysed):
                alone.analysed_by(SECOND, int(message.image_id[-3:], 16), message.item_revision)
                message = message.model_copy(update={"model_version": SECOND.version})
            alone.deliver(message.model_copy(update={"tenant": alone.tenant}))
        assert world.index() == alone.index()


def test_state_from_before_collections_were_counted_opens_and_is_filled_anew(tmp_path: Path) -> None:
    state = database.open(f"sqlite:///{tmp_path}/indexer.db")
    _migrate_to_first(state, tmp_path / "before")
    with state.engine.begin() as connection:
        connection.execute(text("INSERT INTO items VALUES ('old-shop', 'RING-1', 1, 0, NULL)"))
        row = "'old-shop', '00000000-0000-0000-0000-000000000001', 'RING-1', 0, 1, :sha, 'model-1', 0, '{}'"
        connection.execute(text(f"INSERT INTO images VALUES ({row})"), {"sha": f"{1:064x}"})
    state.close()
    with worlds(tmp_path) as new_world:
        world = new_world()
        world.tenant = "old-shop"
        start(world)
        step(world)
        answer(world)
        step(world)
        assert set(world.index()) == {image_id(1)}


def _migrate_to_first(state: database.Database, folder: Path) -> None:
    """As the release before did it, which had the first revision alone."""
    first = "0001_items_and_images.py"
    (folder / "versions").mkdir(parents=True)
    (folder / "versions" / first).write_text((MIGRATIONS / "versions" / first).read_text())
    state.migrate(folder)
