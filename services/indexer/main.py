"""The composition root of the indexer: `python -m services.indexer.main` runs it."""

from __future__ import annotations

from pathlib import Path

from services.indexer.handlers import Indexer
from services.indexer.points import collection_of
from services.indexer.settings import Settings
from shared import database, messaging, objectstore, vectorstore
from shared.contracts.messages import ImageAnalysed, ImageCorrected, ImageRemoved, ItemChanged
from shared.observability import logs
from shared.observability.http import create_app
from shared.service import Service, run

_MIGRATIONS = Path(__file__).parent / "migrations"


def build(settings: Settings, broker: messaging.Broker) -> Service:
    """The indexer over these settings, its database brought up to date."""
    analyses = objectstore.open(settings.object_store_url, "analyses")
    vectors = vectorstore.open(settings.vector_store_url, collection_of(settings.model_version), settings.dimension)
    state = database.open(settings.database_url)
    state.migrate(_MIGRATIONS)
    indexer = Indexer(state, analyses, vectors, broker, settings.model_version)

    def close() -> None:
        vectors.close()
        state.close()

    checks = {"broker": broker.ping, "analyses": analyses.ping, "vectors": vectors.ping, "database": state.ping}
    return Service(
        name="indexer",
        http=create_app("indexer", checks),
        host=settings.host,
        port=settings.port,
        close=close,
        unit=state.together,
        handlers={
            ImageAnalysed: indexer.image_analysed,
            ImageRemoved: indexer.image_removed,
            ImageCorrected: indexer.image_corrected,
            ItemChanged: indexer.item_changed,
        },
    )


def main() -> None:
    settings = Settings()
    logs.configure("indexer")
    broker = messaging.open(settings.broker_url, "indexer")
    run([build(settings, broker)], broker, settings.worker_threads, sole_worker=settings.sole_worker)


if __name__ == "__main__":
    main()
