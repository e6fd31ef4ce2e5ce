"""An index that moves to a second model, step by step."""

from __future__ import annotations

from services.indexer.points import collection_of
from shared.contracts.messages import AnalysisMissing
from shared.contracts.models import Model, Probability, ReindexStart, Sameness
from tests.support.indexing import FIRST, World

SECOND = Model(
    version="model-2",
    dimension=5,
    no_match_below=0.3,
    look_at_least=0.4,
    same=Sameness(slope=12, offset=-7.5),
    style=Probability(slope=5, offset=-2),
    form_dimension=3,
)


NEW = collection_of(SECOND.version, 2)


MODELS = {model.version: model for model in (FIRST, SECOND)}


MANY_STEPS = 10


def start(world: World, *, hold: bool = False, model: Model = SECOND) -> None:
    world.reindex.start(ReindexStart(model=model, hold=hold))


def step(world: World, steps: int = MANY_STEPS) -> None:
    for _ in range(steps):
        world.filler.step()


def asked(world: World) -> list[str]:
    return [m.image_id for m in world.recorder.published if isinstance(m, AnalysisMissing)]


def answer(world: World) -> None:
    """Do what the embedder does about all that was asked."""
    published = list(world.recorder.published)
    world.recorder.published.clear()
    for message in published:
        if isinstance(message, AnalysisMissing):
            model = MODELS[message.model_version]
            world.deliver(world.analysed_by(model, int(message.image_id[-3:], 16), message.item_revision))


def active(world: World) -> str:
    found = world.directory.active()
    assert found
    return found.name
