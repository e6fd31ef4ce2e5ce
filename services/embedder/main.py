"""The composition root of the embedder: `python -m services.embedder.main` runs it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from services.embedder import comparing, metrics, routes, showing
from services.embedder.adaptation import adapted
from services.embedder.analyse import Analyse, Analyser
from services.embedder.batcher import Batcher, LanesApart
from services.embedder.compare.points import PointFinder
from services.embedder.comparing import Comparing
from services.embedder.cutout import CutOuts
from services.embedder.decoding import Decode, Decoders, decode_here
from services.embedder.faces import Faces
from services.embedder.find import Find, whole_picture
from services.embedder.finder import FINDER_MANIFEST, Finder
from services.embedder.fitting import Fitting
from services.embedder.gpu_metrics import GpuCollector
from services.embedder.handlers import handle_analysis_missing, handle_image_stored
from services.embedder.heads import Heads
from services.embedder.lone_child import LoneChild
from services.embedder.manifest import HEADS, Manifest, learned_from, model_of, read_manifest
from services.embedder.model import Encoder
from services.embedder.named import is_named, open_named
from services.embedder.quarantine import Quarantine
from services.embedder.redrawing import BUCKET, Redrawer
from services.embedder.settings import Settings
from services.embedder.smaller import Smaller
from services.embedder.text_encoder import TextEncoder
from services.embedder.texts import ItemTexts
from services.embedder.turns import Turns
from shared import messaging, objectstore
from shared.contracts.messages import AnalysisMissing, ImageStored, ItemChanged
from shared.contracts.models import Model, Models
from shared.errors import Permanent
from shared.observability import logs, traces
from shared.observability.http import create_app
from shared.service import Service, run

if TYPE_CHECKING:
    from services.embedder.compare.engine import Comparer

_MOST_ALONE = 4
"""Cores for a picture that is forwarded alone: the forward's many short steps gain little by more."""
_log = structlog.get_logger(__name__)


class Load(Protocol):
    def __call__(self, settings: Settings, decode: Decode = decode_here) -> Sequence[Analyse]: ...


def load_models(settings: Settings, decode: Decode = decode_here) -> Sequence[Analyse]:
    """The models of the settings' folders and names, in their order, with what a shop's catalogue taught them."""
    return [adapted(model, str(name)) for name, model in zip(settings.model_dirs, _load(settings, decode), strict=True)]


def _load(settings: Settings, decode: Decode) -> Sequence[Analyse]:
    """Each with a batcher of its own."""
    opened = [_open(settings, name) for name in map(str, settings.model_dirs)]
    versions = [encoder.version for encoder, *_ in opened]
    if len(set(versions)) < len(versions):
        raise Permanent(f"EMBEDDER_MODEL_DIRS holds the same model twice: {', '.join(versions)}. Name each once.")
    turns = Turns(settings.forwards if settings.compute == "cpu" else settings.threads)
    models: list[Analyse] = []
    for encoder, about, heads, find in opened:
        lanes = LanesApart if settings.compute == "cpu" else Batcher
        fitting = Fitting(encoder.forward, settings.max_batch)
        batcher = lanes(fitting, settings.max_batch, metrics.observe_batch, settings.forwards)
        models.append(Analyser(batcher, heads, about, encoder.input_size, find, decode, turns))
    return models


def _open(settings: Settings, name: str) -> tuple[Encoder, Model, Heads, Find]:
    if is_named(name):
        return *open_named(name, settings.compute), Heads({}), whole_picture
    folder = Path(name)
    manifest = read_manifest(folder)
    heads = Heads.load(folder / HEADS, manifest.heads)
    find = Finder(folder).find if FINDER_MANIFEST in manifest.files else whole_picture
    _log.info("model", version=manifest.version, learned_from=learned_from(manifest))
    return load_encoder(settings, folder, manifest), model_of(manifest), heads, find


def build(settings: Settings, broker: messaging.Broker, load: Load = load_models) -> Service:
    """The embedder over these settings. `load` is called here, to decode in children, and in the child that takes
    suspects, which is alone.

    Raises `Permanent` when a model folder, or the sentence model, is not whole.
    """
    pictures = objectstore.open(settings.object_store_url, "pictures")
    analyses = objectstore.open(settings.object_store_url, "analyses")
    decoders = Decoders(settings.limits_decoding, settings.threads)
    models = load(settings, decoders)
    in_child = partial(load, settings.model_copy(update={"compute": "cpu"}))
    quarantine = Quarantine(LoneChild(in_child, settings.limits_alone), analyses, settings.quarantine_after_kills)
    text = TextEncoder()
    texts = ItemTexts(text, text.version, analyses, broker)
    checks = {"broker": broker.ping, "pictures": pictures.ping, "analyses": analyses.ping}
    app = create_app("embedder", checks, [GpuCollector(settings.compute)], fence=settings.internal_secret)
    redrawer = Redrawer(objectstore.open(settings.object_store_url, BUCKET), Faces().find, decoders)
    loaded = Models(models=[analyse.about for analyse in models])
    comparer = Comparing(partial(_comparer, models[0], settings, decoders, PointFinder()))
    app.include_router(comparing.router(comparer))
    cut_outs = CutOuts(Path(settings.model_dirs[0]), decoders)
    app.include_router(routes.router(models, loaded, text, redrawer.of_shopper, decoders, cut_outs))
    app.include_router(showing.router(Smaller(decoders)))
    over: dict[str, Any] = {
        "pictures": pictures,
        "analyses": analyses,
        "models": models,
        "quarantine": quarantine,
        "redrawer": redrawer,
        "publisher": broker,
    }

    def close() -> None:
        quarantine.close()
        comparer.close()
        for analyse in models:
            analyse.close()
        decoders.close()

    return Service(
        name="embedder",
        http=app,
        host=settings.host,
        port=settings.port,
        close=close,
        handlers={
            ImageStored: partial(handle_image_stored, **over),
            AnalysisMissing: partial(handle_analysis_missing, **over),
            ItemChanged: texts.item_changed,
        },
    )


def _comparer(analyse: Analyse, settings: Settings, decode: Decode, points: PointFinder) -> Comparer:
    from services.embedder.compare.engine import Comparer

    return Comparer(analyse, points, settings.threads, settings.compared_kept, decode)


def load_encoder(settings: Settings, folder: Path, manifest: Manifest) -> Encoder:
    """The encoder for this compute; each runtime is imported only where it is used."""
    if settings.compute == "cuda":
        from services.embedder.torch_encoder import TorchEncoder

        return TorchEncoder(folder, manifest, "cuda")
    from services.embedder.onnx_encoder import OnnxEncoder

    return OnnxEncoder(folder, manifest, threads=1, threads_alone=min(settings.threads, _MOST_ALONE))


def main() -> None:
    settings = Settings()
    logs.configure("embedder")
    traces.configure(settings.traces_url)
    broker = messaging.open(settings.broker_url, "embedder")
    run([build(settings, broker)], broker, settings.worker_threads, sole_worker=settings.sole_worker)


if __name__ == "__main__":
    main()
