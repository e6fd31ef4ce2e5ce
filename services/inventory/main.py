"""The composition root of the inventory: `python -m services.inventory.main` runs it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from services.inventory import routes
from services.inventory.alerts import AlertsTold
from services.inventory.book import Book
from services.inventory.catalogue import Catalogue
from services.inventory.checking import Checker
from services.inventory.handlers import Recorder, bundle_handlers, handlers
from services.inventory.metrics import InventoryCollector
from services.inventory.reading import Reading
from services.inventory.seeing import seeing
from services.inventory.settings import Settings
from services.inventory.tables import OUTBOX
from shared import database, messaging, objectstore
from shared.database import PoolCollector, Relay
from shared.observability import logs, traces
from shared.observability.http import create_app
from shared.service import Service, run

MIGRATIONS = Path(__file__).parent / "migrations"


def build(settings: Settings, broker: messaging.Broker) -> Service:
    """The inventory over these settings, its database brought up to date."""
    analyses = objectstore.open(settings.object_store_url, "analyses")
    books = database.open(settings.database_url)
    books.migrate(MIGRATIONS)
    relay = Relay(books, OUTBOX, broker)
    catalogue = Catalogue(books)
    recorder = Recorder(books, broker, relay.wake)
    sees = seeing(settings, books, analyses)
    checks = {"broker": broker.ping, "analyses": analyses.ping, "database": books.ping}
    app = create_app(
        "inventory",
        checks,
        [PoolCollector("inventory", books), InventoryCollector(books)],
        fence=settings.internal_secret,
    )
    app.include_router(routes.router(Reading(books), Book(books)))
    for router in sees.routers:
        app.include_router(router)
    return Service(
        name="inventory",
        http=app,
        host=settings.host,
        port=settings.port,
        close=books.close,
        unit=books.together,
        background=[relay.run, Checker(books, lambda: datetime.now(UTC)).run, *sees.loops],
        handlers=handlers(catalogue, recorder, AlertsTold(books)),
        bundle_handlers=bundle_handlers(catalogue, recorder),
    )


def main() -> None:
    settings = Settings()
    logs.configure("inventory")
    traces.configure(settings.traces_url)
    broker = messaging.open(settings.broker_url, "inventory")
    run([build(settings, broker)], broker, settings.worker_threads, sole_worker=settings.sole_worker)


if __name__ == "__main__":
    main()
