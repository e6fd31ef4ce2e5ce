"""The composition root of the authenticity service: `python -m services.authenticity.main` runs it."""

from __future__ import annotations

from pathlib import Path

from services.authenticity.copies.finding import copies
from services.authenticity.copies.seeing import Eyes
from services.authenticity.handlers import handlers
from services.authenticity.settings import Settings
from services.authenticity.tables import OUTBOX
from shared import database, messaging, objectstore
from shared.database import Relay
from shared.observability import logs
from shared.observability.http import create_app
from shared.service import Service, run

MIGRATIONS = Path(__file__).parent / "migrations"


def build(settings: Settings, broker: messaging.Broker, eyes: Eyes | None = None) -> Service:
    """The authenticity service over these settings, its database brought up to date."""
    books = database.open(settings.database_url)
    books.migrate(MIGRATIONS)
    relay = Relay(books, OUTBOX, broker)
    pictures = objectstore.open(settings.object_store_url, "references")
    found = copies(settings, books, pictures, relay.wake, eyes)
    checks = {"broker": broker.ping, "references": pictures.ping, "database": books.ping}
    app = create_app("authenticity", checks, fence=settings.internal_secret)
    app.include_router(found.router)
    return Service(
        name="authenticity",
        http=app,
        host=settings.host,
        port=settings.port,
        close=books.close,
        unit=books.together,
        background=[relay.run, *found.loops],
        handlers={**handlers(), **found.handlers},
        bundle_handlers=found.bundle_handlers,
    )


def main() -> None:
    settings = Settings()
    logs.configure("authenticity")
    broker = messaging.open(settings.broker_url, "authenticity")
    run([build(settings, broker)], broker, settings.worker_threads, sole_worker=settings.sole_worker)


if __name__ == "__main__":
    main()
