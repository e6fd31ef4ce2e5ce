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
from services.gateway.backlog import Backlog
from services.gateway.boards.keeping import Boards
from services.gateway.boards.pictures import BUCKET as BOARDS
from services.gateway.boards.pictures import BoardPictures
from services.gateway.boards.showing import Showing
from services.gateway.catalogue import Catalogue
from services.gateway.cleaning import Cleaner
from services.gateway.collection import Collector
from services.gateway.contract import ABOUT, TAGS, show_contract
from services.gateway.corrections import Corrections
from services.gateway.cutouts import CutOuts
from services.gateway.handlers import bundle_handlers, handlers
from services.gateway.imports.fetching import Fetcher
from services.gateway.imports.parts import Importing
from services.gateway.imports.showing import Pictures
from services.gateway.imports.taking import Items
from services.gateway.impressions import Impressions
from services.gateway.incoming import Incoming
from services.gateway.inventory.handling import handlers_of_stock
from services.gateway.inventory.movements import Movements
from services.gateway.kept_answers import KeptAnswers
from services.gateway.labelling import Labelling
from services.gateway.limits import BodyLimit
from services.gateway.listing import Listing
from services.gateway.lookalikes import handlers_of_lookalikes
from services.gateway.metrics import CatalogueCollector, ShopIntakeCollector
from services.gateway.middleware import inner_middleware
from services.gateway.outward import Outward
from services.gateway.people.parts import People
from services.gateway.pictures import Inspector
from services.gateway.query_photos import open_photos
from services.gateway.query_vectors import QueryVectors
from services.gateway.quotas import Quotas
from services.gateway.ratelimit import RateLimiter, RateLimitFields
from services.gateway.reconcile import Reconciler
from services.gateway.renditions import open_renditions
from services.gateway.routes import page
from services.gateway.routes.every import ROUTERS
from services.gateway.settings import Settings
from services.gateway.shielding import Shield
from services.gateway.shop_end import Shops
from services.gateway.shop_news import NewsRelay
from services.gateway.shoppers import Shoppers
from services.gateway.signing import Signer
from services.gateway.smaller import SmallerPictures
from services.gateway.stock import Stock
from services.gateway.suggestion_news import SuggestionNewsTeller
from services.gateway.tables import MIGRATIONS, OUTBOX
from services.gateway.tenants import ensure_key
from services.gateway.uploads import Uploads
from services.gateway.upstream import Authenticity, Embedder, Indexer, Inventory, Recommender
from services.gateway.vocabularies import Vocabularies
from services.gateway.webhooks.deliveries import Deliveries
from services.gateway.webhooks.dispatch import Dispatcher
from services.gateway.webhooks.metrics import WebhookCollector
from services.gateway.webhooks.registry import Webhooks
from shared import database, messaging, objectstore
from shared.contracts.messages import ImageRedrawn
from shared.contracts.reconcile import IndexCompared
from shared.contracts.shop import INCOMING_BUCKET
from shared.database import PoolCollector, Relay
from shared.messaging import QueueCollector
from shared.observability import logs, traces
from shared.observability.http import create_app
from shared.service import Service, run


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
    authenticity = Authenticity("authenticity service", settings.authenticity_url, settings.internal_secret)
    grace = timedelta(days=settings.reconcile_grace_days)
    collector = Collector(catalogue_database, pictures, analyses, grace, authenticity.kept)
    reconciler = Reconciler(catalogue_database, pictures, collector, broker, settings.reconcile_pace)
    backlog = Backlog(catalogue_database, OUTBOX, settings.backlog_limit)
    catalogue = Catalogue(catalogue_database, relay.wake)
    listing = Listing(catalogue_database, signer)
    inspect = Inspector(settings.header_seconds)
    quotas = Quotas(catalogue_database)
    picture_uploads = Uploads(catalogue, listing, pictures, inspect, quotas)
    bucket = objectstore.open(settings.object_store_url, INCOMING_BUCKET, settings.object_store_public_url)
    incoming = Incoming(catalogue_database, bucket, pictures, picture_uploads, signer)
    answers = KeptAnswers(catalogue_database)
    if settings.sole_worker:
        answers.take_over()
    embedder = Embedder("embedder", settings.embedder_url, settings.internal_secret)
    recommender = Recommender("recommender", settings.recommender_url, settings.internal_secret)
    renditions = open_renditions(settings.object_store_url, catalogue_database, pictures)
    photos = open_photos(settings.object_store_url, catalogue_database, embedder, settings.secret)
    board_pictures = BoardPictures(catalogue_database, objectstore.open(settings.object_store_url, BOARDS), embedder)
    impressions = Impressions(catalogue_database, relay.wake)
    outward = Outward(settings.outward_allow)
    taking = (
        Items(catalogue_database, catalogue),
        Pictures(listing, picture_uploads, Fetcher(outward, settings.fetch_hosts), inspect),
    )
    importing = Importing(settings, catalogue_database, backlog, *taking)
    movements = Movements(catalogue_database, relay.wake)
    people = People(settings, catalogue_database, photos, relay.wake)
    parts = Parts(
        catalogue=catalogue,
        listing=listing,
        labelling=Labelling(catalogue_database, listing),
        uploads=picture_uploads,
        incoming=incoming,
        shoppers=Shoppers(catalogue_database, people.block_list, relay.wake),
        stock=Stock(catalogue_database, relay.wake),
        movements=movements,
        inventory=Inventory("inventory", settings.inventory_url, settings.internal_secret),
        authenticity=authenticity,
        corrections=Corrections(catalogue_database, relay.wake),
        api_keys=ApiKeys(catalogue_database, settings.secret),
        keys=Keys(catalogue_database, settings.secret),
        answers=answers,
        quotas=quotas,
        limiter=RateLimiter(settings.counter_url, settings.rate_limit, settings.rate_limit_seconds),
        sessions=PageSessions(signer, settings.page_tenant, settings.public_host),
        signer=signer,
        pictures=pictures,
        analyses=analyses,
        embedder=embedder,
        recommender=recommender,
        inspect=inspect,
        vectors=QueryVectors(embedder),
        cut_outs=CutOuts(embedder),
        smaller=SmallerPictures(embedder),
        vocabularies=Vocabularies(recommender),
        impressions=impressions,
        indexer=Indexer("indexer", settings.indexer_url, settings.internal_secret),
        broker=broker,
        reconciler=reconciler,
        outward=outward,
        webhooks=Webhooks(catalogue_database, settings.secret),
        deliveries=Deliveries(catalogue_database),
        imports=importing.jobs,
        renditions=renditions,
        photos=photos,
        backlog=backlog,
        boards=Boards(catalogue_database),
        board_pictures=board_pictures,
        showing=Showing(listing, signer),
        erasures=people.erasures,
        exports=people.exports,
        receipts=people.receipts,
    )
    url = settings.shop_bus_url
    shops = Shops(settings, url, parts, catalogue_database, people.block_list) if url else None
    dispatcher = Dispatcher(catalogue_database, settings.secret, outward)
    news = NewsRelay(catalogue_database, shops.bus if shops else None)

    def close() -> None:
        if shops:
            shops.bus.close()
        inspect.close()
        catalogue_database.close()

    return Service(
        name="gateway",
        http=_app(settings, parts, catalogue_database, shops),
        host=settings.host,
        port=settings.port,
        close=close,
        handlers={
            **handlers(catalogue_database, people.erasures),
            IndexCompared: reconciler.compared,
            ImageRedrawn: renditions.redrawn,
            **handlers_of_stock(catalogue_database, broker, relay.wake),
            **handlers_of_lookalikes(catalogue_database, broker),
        },
        bundle_handlers=bundle_handlers(catalogue_database),
        unit=catalogue_database.together,
        background=[
            relay.run,
            backlog.run,
            reconciler.run,
            impressions.run,
            movements.open_books,
            Cleaner([answers.clean, incoming.clean, renditions.clean, photos.clean, board_pictures.clean]).run,
            dispatcher.run,
            SuggestionNewsTeller(catalogue_database).run,
            *importing.loops,
            *people.loops(broker, shops.bus if shops else None, shops.originals if shops else None),
            *(shops.loops if shops else ()),
            news.run,
        ],
    )


def _app(settings: Settings, parts: Parts, catalogue_database: database.Database, shops: Shops | None) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        for upstream in (parts.embedder, parts.recommender, parts.indexer, parts.inventory, parts.authenticity):
            await upstream.close()
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
            PoolCollector("gateway", catalogue_database),
            WebhookCollector(catalogue_database),
            *([ShopIntakeCollector(shops.intake.oldest_seconds)] if shops else []),
        ],
        title="Loupe",
        version="1",
        description=ABOUT,
        openapi_tags=TAGS,
        middleware=inner_middleware(settings.cors_origins, settings.requests_at_once, settings.bodies_mb * 1_000_000),
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        lifespan=lifespan,
    )
    app.state.parts = parts
    app.add_middleware(BodyLimit, seconds=settings.body_seconds)
    app.add_middleware(RateLimitFields)
    app.add_middleware(Shield)
    for router in ROUTERS:
        app.include_router(router)
    show_contract(app)
    app.mount("/page", StaticFiles(directory=page.FILES), name="page")
    app.mount("/docs/files", StaticFiles(directory=page.SWAGGER_UI), name="swagger-ui")
    return app


def main() -> None:
    settings = Settings()
    logs.configure("gateway")
    traces.configure(settings.traces_url)
    broker = messaging.open(settings.broker_url, "gateway")
    run([build(settings, broker)], broker, settings.worker_threads, sole_worker=settings.sole_worker)


if __name__ == "__main__":
    main()
