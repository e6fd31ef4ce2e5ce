"""The composition root of the gateway: `python -m services.gateway.main` runs it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from services.gateway.access import Parts
from services.gateway.api_keys import ApiKeys
from services.gateway.auth import Keys, PageSessions
from services.gateway.catalogue import Catalogue
from services.gateway.cleaning import Cleaner
from services.gateway.collection import Collector
from services.gateway.contract import show_contract
from services.gateway.corrections import Corrections
from services.gateway.handlers import bundle_handlers, handlers
from services.gateway.imports import running
from services.gateway.imports.fetching import Fetcher
from services.gateway.imports.jobs import Imports
from services.gateway.imports.keeping import ImportKeeper
from services.gateway.imports.running import ImportRunner
from services.gateway.imports.showing import Pictures
from services.gateway.imports.taking import Items
from services.gateway.impressions import Impressions
from services.gateway.incoming import Incoming
from services.gateway.kept_answers import KeptAnswers
from services.gateway.limits import BodyLimit
from services.gateway.listing import Listing
from services.gateway.metrics import CatalogueCollector, ShopIntakeCollector
from services.gateway.middleware import inner_middleware
from services.gateway.originals import BUCKET as ORIGINALS_BUCKET
from services.gateway.originals import Originals, OriginalsCleaner
from services.gateway.outward import Outward
from services.gateway.query_vectors import QueryVectors
from services.gateway.ratelimit import RateLimiter, RateLimitFields
from services.gateway.reconcile import Reconciler
from services.gateway.routes import (
    admin,
    images,
    imports,
    items,
    keys,
    page,
    reconcile,
    schemas,
    search,
    shoppers,
    status,
    suggestions,
    training,
    uploads,
    webhooks,
)
from services.gateway.settings import Settings
from services.gateway.shop_events import ShopEvents
from services.gateway.shop_intake import ShopIntake
from services.gateway.shop_news import NewsRelay
from services.gateway.shoppers import Shoppers
from services.gateway.signing import Signer
from services.gateway.stock import Stock
from services.gateway.suggestion_news import SuggestionNewsTeller
from services.gateway.tables import MIGRATIONS, OUTBOX
from services.gateway.tenants import ensure_key
from services.gateway.uploads import Uploads
from services.gateway.upstream import Embedder, Indexer, Recommender
from services.gateway.vocabularies import Vocabularies
from services.gateway.webhooks.deliveries import Deliveries
from services.gateway.webhooks.dispatch import Dispatcher
from services.gateway.webhooks.metrics import WebhookCollector
from services.gateway.webhooks.registry import Webhooks
from shared import database, messaging, objectstore, shopbus
from shared.contracts.reconcile import IndexCompared
from shared.contracts.shop import INCOMING_BUCKET
from shared.database import Relay
from shared.messaging import QueueCollector
from shared.observability import logs
from shared.observability.http import create_app
from shared.service import Service, run

_ABOUT = """Visual search for jewelry: put items and their pictures, then search by a photo and get suggestions.

Every request needs an API key, `Authorization: Bearer <key>`, with the scope that the call names. `RateLimit` in an
answer tells how many more requests the key may send, and `Retry-After` of a 429 when to go on. Whatever goes wrong is
told by a problem document (RFC 9457, `application/problem+json`): `detail` says what was wrong and what to do,
`correlation_id` finds it in the logs. A 503 may be sent again as it is; with an `Idempotency-Key` a POST or PATCH
may be too. Lists come in pages: give `next_cursor` back as `cursor`."""
_TAGS = [
    {"name": "items", "description": "What the shop sells."},
    {"name": "images", "description": "Pictures of items: accepted at once, indexed a moment later."},
    {"name": "imports", "description": "A whole catalogue in one file: a job that tells what became of each row."},
    {"name": "search", "description": "From a picture, or an item, to the pieces that look like it."},
    {"name": "shoppers", "description": "What shoppers do, and what is suggested to them."},
    {"name": "webhooks", "description": "What becomes of pictures and items, posted to an address of the shop's."},
    {"name": "administration", "description": "The keys of the shop."},
    {"name": "contract", "description": "Schemas of the events that shops and Loupe exchange by queue."},
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
    pictures = objectstore.open(settings.object_store_url, "pictures")
    analyses = objectstore.open(settings.object_store_url, "analyses")
    collector = Collector(catalogue_database, pictures, analyses, timedelta(days=settings.reconcile_grace_days))
    reconciler = Reconciler(catalogue_database, pictures, collector, broker, settings.reconcile_pace)
    catalogue = Catalogue(catalogue_database, relay.wake)
    listing = Listing(catalogue_database, signer)
    picture_uploads = Uploads(catalogue, listing, pictures)
    bucket = objectstore.open(settings.object_store_url, INCOMING_BUCKET, settings.object_store_public_url)
    incoming = Incoming(catalogue_database, bucket, pictures, picture_uploads, signer)
    answers = KeptAnswers(catalogue_database)
    if settings.sole_worker:
        answers.take_over()
    embedder = Embedder("embedder", settings.embedder_url)
    recommender = Recommender("recommender", settings.recommender_url)
    impressions = Impressions(catalogue_database, relay.wake)
    outward = Outward(settings.outward_allow)
    taking = (
        Items(catalogue_database, catalogue),
        Pictures(listing, picture_uploads, Fetcher(outward, settings.fetch_hosts)),
    )
    importing = _Importing(settings, catalogue_database, *taking)
    parts = Parts(
        catalogue=catalogue,
        listing=listing,
        uploads=picture_uploads,
        incoming=incoming,
        shoppers=Shoppers(catalogue_database, relay.wake),
        stock=Stock(catalogue_database, relay.wake),
        corrections=Corrections(catalogue_database, relay.wake),
        api_keys=ApiKeys(catalogue_database, settings.secret),
        keys=Keys(catalogue_database, settings.secret),
        answers=answers,
        limiter=RateLimiter(settings.counter_url, settings.rate_limit, settings.rate_limit_seconds),
        sessions=PageSessions(signer, settings.page_tenant, settings.public_host),
        signer=signer,
        pictures=pictures,
        analyses=analyses,
        embedder=embedder,
        recommender=recommender,
        vectors=QueryVectors(embedder),
        vocabularies=Vocabularies(recommender),
        impressions=impressions,
        indexer=Indexer("indexer", settings.indexer_url),
        broker=broker,
        reconciler=reconciler,
        outward=outward,
        webhooks=Webhooks(catalogue_database, settings.secret),
        deliveries=Deliveries(catalogue_database),
        imports=importing.jobs,
    )
    shops = _Shops(settings, settings.shop_bus_url, parts, catalogue_database) if settings.shop_bus_url else None
    dispatcher = Dispatcher(catalogue_database, settings.secret, outward)
    news = NewsRelay(catalogue_database, shops.bus if shops else None)

    def close() -> None:
        if shops:
            shops.bus.close()
        catalogue_database.close()

    return Service(
        name="gateway",
        http=_app(settings, parts, catalogue_database, shops),
        host=settings.host,
        port=settings.port,
        close=close,
        handlers={
            **handlers(catalogue_database),
            IndexCompared: reconciler.compared,
        },
        bundle_handlers=bundle_handlers(catalogue_database),
        unit=catalogue_database.together,
        background=[
            relay.run,
            reconciler.run,
            impressions.run,
            Cleaner([answers.clean, incoming.clean]).run,
            dispatcher.run,
            SuggestionNewsTeller(catalogue_database).run,
            *importing.loops,
            *(shops.loops if shops else ()),
            news.run,
        ],
    )


class _Importing:
    """Imports as shops ask for them, and the loops that do them."""

    def __init__(
        self, settings: Settings, catalogue_database: database.Database, items: Items, pictures: Pictures
    ) -> None:
        files = objectstore.open(settings.object_store_url, "imports")
        runner = ImportRunner(catalogue_database, files, items, pictures)
        if settings.sole_worker:
            runner.take_over()
        self.jobs = Imports(catalogue_database, files, runner.wake)
        self.loops = [*[runner.run] * running.AT_ONCE, ImportKeeper(catalogue_database, files).run]


class _Shops:
    """The gateway's end of the shop bus: events in, news out."""

    def __init__(self, settings: Settings, url: str, parts: Parts, catalogue_database: database.Database) -> None:
        def check() -> None:
            catalogue_database.ping()
            parts.pictures.ping()

        originals = Originals(objectstore.open(settings.object_store_url, ORIGINALS_BUCKET))
        events = ShopEvents(parts.catalogue, parts.stock, parts.uploads, parts.shoppers, parts.incoming)
        self.bus = shopbus.open(url)
        self.intake = ShopIntake(self.bus, catalogue_database, events, originals, check)
        self.loops = [OriginalsCleaner(originals, catalogue_database).run, self.intake.run]


def _app(settings: Settings, parts: Parts, catalogue_database: database.Database, shops: _Shops | None) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await parts.embedder.close()
        await parts.recommender.close()
        await parts.indexer.close()
        await parts.limiter.close()

    app = create_app(
        "gateway",
        {
            "database": catalogue_database.ping,
            "broker": parts.broker.ping,
            "object store": parts.pictures.ping,
            "embedder": parts.embedder.ping,
            "recommender": parts.recommender.ping,
            **({"shop bus": shops.bus.ping} if shops else {}),
        },
        [
            QueueCollector(parts.broker),
            CatalogueCollector(catalogue_database),
            WebhookCollector(catalogue_database),
            *([ShopIntakeCollector(shops.intake.oldest_seconds)] if shops else []),
        ],
        title="Loupe",
        version="1",
        description=_ABOUT,
        openapi_tags=_TAGS,
        middleware=inner_middleware(settings.cors_origins),
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        lifespan=lifespan,
    )
    app.state.parts = parts
    app.add_middleware(BodyLimit)
    app.add_middleware(RateLimitFields)
    for resource in (
        items,
        images,
        imports,
        search,
        shoppers,
        suggestions,
        status,
        reconcile,
        keys,
        admin,
        training,
        uploads,
        webhooks,
        page,
    ):
        app.include_router(resource.router)
    app.include_router(schemas.router)
    show_contract(app)
    app.mount("/page", StaticFiles(directory=page.FILES), name="page")
    app.mount("/docs/files", StaticFiles(directory=page.SWAGGER_UI), name="swagger-ui")
    return app


def main() -> None:
    settings = Settings()
    logs.configure("gateway")
    broker = messaging.open(settings.broker_url, "gateway")
    run([build(settings, broker)], broker, settings.worker_threads, sole_worker=settings.sole_worker)


if __name__ == "__main__":
    main()
