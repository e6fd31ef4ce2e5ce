"""The composition root of the authenticity service: `python -m services.authenticity.main` runs it."""

from __future__ import annotations

from pathlib import Path

from services.authenticity.cleaning import cleaning
from services.authenticity.comparing import Comparing, Embedder
from services.authenticity.copies.finding import copies
from services.authenticity.copies.seeing import Eyes
from services.authenticity.deciding import fitted
from services.authenticity.handlers import handlers
from services.authenticity.keeping import Kept
from services.authenticity.metrics import AuthenticityCollector
from services.authenticity.public import PublicReferences
from services.authenticity.registry import Registry
from services.authenticity.renewing import Renewing
from services.authenticity.routes import router
from services.authenticity.settings import Settings
from services.authenticity.tables import OUTBOX
from services.authenticity.verify_routes import verify_router
from services.authenticity.verifying import Verifier
from shared import database, messaging, objectstore
from shared.database import PoolCollector, Relay
from shared.observability import logs, traces
from shared.observability.http import create_app
from shared.service import Service, run
from shared.signing import PublicKey, SigningKey

MIGRATIONS = Path(__file__).parent / "migrations"


def build(
    settings: Settings, broker: messaging.Broker, comparing: Comparing | None = None, eyes: Eyes | None = None
) -> Service:
    """The authenticity service over these settings, its database brought up to date.

    `comparing`: what looks at pictures, and `eyes` for finding copies; the embedder at `settings.embedder_url` unless
    told otherwise.
    """
    books = database.open(settings.database_url)
    books.migrate(MIGRATIONS)
    relay = Relay(books, OUTBOX, broker)
    pictures = objectstore.open(settings.object_store_url, "references")
    evidence = objectstore.open(settings.object_store_url, "verifications")
    key = SigningKey(settings.signing_key, "AUTHENTICITY_SIGNING_KEY")
    keys = [key.public, *(PublicKey(x) for x in settings.retired_keys)]
    embedder = comparing or Embedder(settings.embedder_url, settings.internal_secret)
    kept = Kept(books, evidence, key)
    found = copies(settings, books, pictures, relay.wake, eyes)
    registry = Registry(books, pictures, embedder, key, [kept.reference_erased, found.reference_erased])
    verifier = Verifier(books, pictures, embedder, kept, fitted(settings.decision), settings.verification_days)
    checks = {"broker": broker.ping, "references": pictures.ping, "database": books.ping}
    app = create_app(
        "authenticity",
        checks,
        [PoolCollector("authenticity", books), AuthenticityCollector(books)],
        fence=settings.internal_secret,
    )
    app.include_router(router(registry, PublicReferences(books, pictures), keys))
    app.include_router(verify_router(verifier, kept, key))
    app.include_router(found.router)

    def close() -> None:
        verifier.close()
        embedder.close()
        found.close()
        books.close()

    return Service(
        name="authenticity",
        http=app,
        host=settings.host,
        port=settings.port,
        close=close,
        unit=books.together,
        background=[relay.run, cleaning(kept.clean), Renewing(books, pictures, embedder).run, *found.loops],
        handlers={**handlers(), **found.handlers},
        bundle_handlers=found.bundle_handlers,
    )


def main() -> None:
    settings = Settings()
    logs.configure("authenticity")
    traces.configure(settings.traces_url)
    broker = messaging.open(settings.broker_url, "authenticity")
    run([build(settings, broker)], broker, settings.worker_threads, sole_worker=settings.sole_worker)


if __name__ == "__main__":
    main()
