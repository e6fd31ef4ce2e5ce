"""The composition root of the embedder: `python -m services.embedder.main` runs it."""

from __future__ import annotations

from functools import partial

from services.embedder import metrics, routes
from services.embedder.analyse import Analyser
from services.embedder.batcher import Batcher
from services.embedder.handlers import handle_image_stored
from services.embedder.heads import TypeHead
from services.embedder.manifest import TYPE_HEAD, Manifest, read_manifest
from services.embedder.model import Encoder
from services.embedder.settings import Settings
from shared import messaging, objectstore
from shared.contracts.messages import ImageStored
from shared.observability import logs
from shared.observability.http import create_app
from shared.service import Service, run


def build(settings: Settings, broker: messaging.Broker) -> Service:
    """The embedder over these settings. Raises `Permanent` when its model folder is not whole."""
    pictures = objectstore.open(settings.object_store_url, "pictures")
    analyses = objectstore.open(settings.object_store_url, "analyses")
    manifest = read_manifest(settings.model_dir)
    encoder = load_encoder(settings, manifest)
    batcher = Batcher(encoder.forward, settings.max_batch, metrics.observe_batch)
    type_head = TypeHead.load(settings.model_dir / TYPE_HEAD, manifest.types)
    analyse = Analyser(batcher, type_head, manifest.version, manifest.input_size)
    app = create_app("embedder", {"broker": broker.ping, "pictures": pictures.ping, "analyses": analyses.ping})
    app.include_router(routes.router(analyse))
    handler = partial(handle_image_stored, pictures=pictures, analyses=analyses, analyse=analyse, publisher=broker)

    return Service(
        name="embedder",
        http=app,
        host=settings.host,
        port=settings.port,
        close=batcher.close,
        handlers={ImageStored: handler},
    )


def load_encoder(settings: Settings, manifest: Manifest) -> Encoder:
    """The encoder for this compute; each runtime is imported only where it is used."""
    if settings.compute == "cuda":
        from services.embedder.torch_encoder import TorchEncoder

        return TorchEncoder(manifest, "cuda")
    from services.embedder.onnx_encoder import OnnxEncoder

    return OnnxEncoder(settings.model_dir, manifest, settings.threads)


def main() -> None:
    settings = Settings()
    logs.configure("embedder")
    broker = messaging.open(settings.broker_url, "embedder")
    run([build(settings, broker)], broker, settings.worker_threads, sole_worker=settings.sole_worker)


if __name__ == "__main__":
    main()
