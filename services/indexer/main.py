"""The composition root of the indexer: `python -m services.indexer.main` runs it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy.engine import Connection

from services.indexer import routes
from services.indexer.collections import Stores, active_of, written
from services.indexer.compare import Comparer, Target
from services.indexer.filling import Filler
from services.indexer.handlers import Indexer
from services.indexer.reindex import Reindex
from services.indexer.settings import Settings
from services.indexer.texts import TextIndexer
from shared import database, messaging, objectstore, vectorstore
from shared.contracts.messages import (
    ImageAnalysed,
    ImageCorrected,
    ImageRejected,
    ImageRemoved,
    ItemChanged,
    ItemTextAnalysed,
)
from shared.contracts.models import INDEX
from shared.contracts.reconcile import CatalogueListed
from shared.database import PoolCollector
from shared.observability import logs, traces
from shared.observability.http import create_app
from shared.service import Service, run

_MIGRATIONS = Path(__file__).parent / "migrations"


def build(settings: Settings, broker: messaging.Broker) -> Service:
    """The indexer over these settings, its database brought up to date."""
    analyses = objectstore.open(settings.object_store_url, "analyses")
    directory = vectorstore.directory(settings.vector_store_url, INDEX)
    stores = Stores(directory)
    state = database.open(settings.database_url)
    state.migrate(_MIGRATIONS)
    indexer = Indexer(state, analyses, stores, broker)
    texts = TextIndexer(state, analyses, stores, broker)
    drain = timedelta(seconds=settings.drain_seconds)
    filler = Filler(state, analyses, directory, stores, broker, drain)
    reindex = Reindex(state, directory, filler)
    reindex.ensure_first(settings.first_model)

    def active(rows: Connection) -> Target:
        collection = active_of(written(rows))
        return Target(collection.model.version, stores.of(collection), collection.generation)

    comparer = Comparer(state, analyses, active, broker)

    def close() -> None:
        stores.close()
        directory.close()
        state.close()

    checks = {"broker": broker.ping, "analyses": analyses.ping, "vectors": directory.ping, "database": state.ping}
    app = create_app("indexer", checks, [PoolCollector("indexer", state)], fence=settings.internal_secret)
    app.include_router(routes.router(reindex))
    return Service(
        name="indexer",
        http=app,
        host=settings.host,
        port=settings.port,
        close=close,
        unit=state.together,
        bundle_handlers={
            ImageAnalysed: indexer.images_analysed,
            ItemChanged: indexer.items_changed,
            ItemTextAnalysed: texts.texts_analysed,
        },
        background=[filler.run],
        handlers={
            ImageAnalysed: indexer.image_analysed,
            ImageRejected: indexer.image_rejected,
            ImageRemoved: indexer.image_removed,
            ImageCorrected: indexer.image_corrected,
            ItemChanged: indexer.item_changed,
            ItemTextAnalysed: texts.text_analysed,
            CatalogueListed: comparer.catalogue_listed,
        },
    )


def main() -> None:
    settings = Settings()
    logs.configure("indexer")
    traces.configure(settings.traces_url)
    broker = messaging.open(settings.broker_url, "indexer")
    run([build(settings, broker)], broker, settings.worker_threads, sole_worker=settings.sole_worker)


if __name__ == "__main__":
    main()
