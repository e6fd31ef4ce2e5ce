"""The composition root of the gateway: `python -m services.gateway.main` runs it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from services.gateway.access import Parts
from services.gateway.auth import Keys, PageSessions
from services.gateway.catalogue import Catalogue
from services.gateway.contract import show_problems
from services.gateway.handlers import handlers
from services.gateway.limits import BodyLimit
from services.gateway.listing import Listing
from services.gateway.metrics import CatalogueCollector
from services.gateway.routes import images, items, page, search, shoppers, status
from services.gateway.settings import Settings
from services.gateway.signing import Signer
from services.gateway.tables import MIGRATIONS, OUTBOX
from services.gateway.tenants import ensure_key
from services.gateway.upstream import Embedder, Recommender
from shared import database, messaging, objectstore
from shared.database import Relay
from shared.messaging import QueueCollector
from shared.observability import logs
from shared.observability.http import create_app
from shared.service import Service, run

_ABOUT = """Visual search for jewelry: put items and their pictures, then search by a photo and get suggestions.

Every request needs an API key, `Authorization: Bearer <key>`. Whatever goes wrong is told by a problem document
(RFC 9457, `application/problem+json`): `detail` says what was wrong and what to do, `correlation_id` finds it in the
logs. A 503 may be sent again as it is. Lists come in pages: give `next_cursor` back as `cursor`."""
_TAGS = [
    {"name": "items", "description": "What the shop sells."},
    {"name": "images", "description": "Pictures of items: accepted at once, indexed a moment later."},
    {"name": "search", "description": "From a picture, or an item, to the pieces that look like it."},
    {"name": "shoppers", "description": "What shoppers do, and what is suggested to them."},
    {"name": "operations", "description": "Health, metrics and counts."},
]


def build(settings: Settings, broker: messaging.Broker) -> Service:
    """The gateway over these settings, its database brought up to date."""
    catalogue_database = database.open(settings.database_url)
    catalogue_database.migrate(MIGRATIONS)
    if settings.page_tenant and settings.page_key:
        ensure_key(catalogue_database, settings.secret, settings.page_tenant, settings.page_key)
    relay = Relay(catalogue_database, OUTBOX, broker)
    signer = Signer(settings.secret)
    parts = Parts(
        catalogue=Catalogue(catalogue_database, relay.wake),
        listing=Listing(catalogue_database, signer),
        keys=Keys(catalogue_database, settings.secret),
        sessions=PageSessions(signer, settings.page_tenant, settings.public_host),
        signer=signer,
        pictures=objectstore.open(settings.object_store_url, "pictures"),
        analyses=objectstore.open(settings.object_store_url, "analyses"),
        embedder=Embedder("embedder", settings.embedder_url),
        recommender=Recommender("recommender", settings.recommender_url),
        broker=broker,
    )

    return Service(
        name="gateway",
        http=_app(parts, catalogue_database),
        host=settings.host,
        port=settings.port,
        close=catalogue_database.close,
        handlers=handlers(catalogue_database),
        unit=catalogue_database.together,
        background=[relay.run],
    )


def _app(parts: Parts, catalogue_database: database.Database) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await parts.embedder.close()
        await parts.recommender.close()

    app = create_app(
        "gateway",
        {
            "database": catalogue_database.ping,
            "broker": parts.broker.ping,
            "object store": parts.pictures.ping,
            "embedder": parts.embedder.ping,
            "recommender": parts.recommender.ping,
        },
        [QueueCollector(parts.broker), CatalogueCollector(catalogue_database)],
        title="Loupe",
        version="1",
        description=_ABOUT,
        openapi_tags=_TAGS,
        lifespan=lifespan,
    )
    app.state.parts = parts
    app.add_middleware(BodyLimit)
    for resource in (items, images, search, shoppers, status, page):
        app.include_router(resource.router)
    show_problems(app)
    app.mount("/page", StaticFiles(directory=page.FILES), name="page")
    return app


def main() -> None:
    settings = Settings()
    logs.configure("gateway")
    broker = messaging.open(settings.broker_url, "gateway")
    run([build(settings, broker)], broker, settings.worker_threads, sole_worker=settings.sole_worker)


if __name__ == "__main__":
    main()
