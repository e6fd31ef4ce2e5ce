"""A night's run of one shop: its styles, then its forecasts and advice, in a child process."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from services.inventory.advice.advising import Terms
from services.inventory.advice.making import AdviceMaker
from services.inventory.child import in_child
from services.inventory.embedder import loaded_models
from services.inventory.looks import Looks
from services.inventory.settings import Settings
from services.inventory.styles.making import StyleMaker
from services.inventory.styles.running import Make
from shared import database, objectstore
from shared.errors import Permanent, Retryable


def terms_of(settings: Settings) -> Terms:
    return Terms(
        lead_days=settings.lead_days,
        review_days=settings.review_days,
        margin=settings.margin,
        holding=settings.holding,
        service=settings.service_level,
        order_cost=settings.order_cost,
        cover_weeks=settings.overstock_weeks,
        dead_days=settings.dead_days,
    )


def run_here(settings: Settings, tenant: str) -> int:
    """Over a database opened anew: a child shares nothing with its parent; of how many pieces.

    Where styles cannot be made, the embedder away say, forecasts go by those of the run before, and the run is tried
    again.
    """
    books = database.open(settings.database_url)
    failed: Permanent | Retryable | None = None
    try:
        looks = Looks(books, objectstore.open(settings.object_store_url, "analyses"))
        try:
            StyleMaker(books, looks, partial(loaded_models, settings)).make(tenant)
        except (Permanent, Retryable) as error:
            failed = error
        pieces = AdviceMaker(books, terms_of(settings)).make(tenant)
    finally:
        books.close()
    if failed:
        raise failed
    return pieces


def run_in_child(settings: Settings) -> Make:
    def make(tenant: str, go_on: Callable[[], bool]) -> int:
        return int(in_child(partial(run_here, settings, tenant), go_on, 60 * settings.style_minutes))

    return make
