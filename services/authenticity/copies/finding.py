"""Puts the parts together that find copies."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from fastapi import APIRouter

from services.authenticity.copies.consents import Consents
from services.authenticity.copies.looking import Looker, Stores
from services.authenticity.copies.protected import erase
from services.authenticity.copies.queue import Queue
from services.authenticity.copies.routes import copies_router
from services.authenticity.copies.seeing import EmbedderEyes, Eyes
from services.authenticity.copies.telling import FindingsTold
from services.authenticity.copies.watching import Watching
from services.authenticity.settings import Settings
from shared import objectstore
from shared.contracts.lookalikes import LookalikeTold
from shared.contracts.messages import ImageAnalysed, ImageRemoved, ItemChanged
from shared.database import Database
from shared.messaging import BundleHandlers, Handlers
from shared.objectstore import ObjectStore


@dataclass(frozen=True, slots=True)
class Copies:
    """What the service takes over of it."""

    looker: Looker
    router: APIRouter
    loops: list[Callable[[threading.Event], None]]
    handlers: Handlers
    bundle_handlers: BundleHandlers
    reference_erased: Callable[[str, str], None]
    close: Callable[[], None]


def copies(
    settings: Settings, books: Database, references: ObjectStore, wake: Callable[[], None], eyes: Eyes | None = None
) -> Copies:
    """`wake` is called after each commit that left something in the outbox. `eyes`: the embedder's, unless given."""
    stores = Stores(
        objectstore.open(settings.object_store_url, "pictures"),
        objectstore.open(settings.object_store_url, "analyses"),
        references,
    )
    seeing = eyes or EmbedderEyes(settings.embedder_url, settings.internal_secret)
    looker = Looker(books, stores, seeing, wake)
    watching = Watching(books, looker.wake)
    return Copies(
        looker=looker,
        router=copies_router(Queue(books), Consents(books, looker.wake)),
        loops=[looker.run],
        handlers={
            ImageAnalysed: lambda message: watching.images_analysed([message]),
            ItemChanged: lambda message: watching.items_changed([message]),
            ImageRemoved: watching.image_removed,
            LookalikeTold: FindingsTold(books).told,
        },
        bundle_handlers={ImageAnalysed: watching.images_analysed, ItemChanged: watching.items_changed},
        reference_erased=partial(erase, books),
        close=seeing.close,
    )
