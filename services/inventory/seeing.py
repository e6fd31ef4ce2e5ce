"""What of the inventory sees pieces: styles, forecasts of them, and stock-takes by photo, composed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from fastapi import APIRouter

from services.inventory.advice.telling import AdviceTelling
from services.inventory.advice_routes import advice_router
from services.inventory.embedder import loaded_models
from services.inventory.looks import Looks
from services.inventory.night import run_in_child, terms_of
from services.inventory.settings import Settings
from services.inventory.stocktake.taking import Stocktakes
from services.inventory.stocktake_routes import stocktake_router
from services.inventory.style_routes import style_router
from services.inventory.styles.running import StyleRuns
from services.inventory.styles.telling import Telling
from services.inventory.styles.turns import Turns, When
from shared.database import Database
from shared.objectstore import ObjectStore
from shared.service import Loop


@dataclass(frozen=True)
class Seeing:
    """Its routes, and the loops that run beside them."""

    routers: Sequence[APIRouter]
    loops: Sequence[Loop]


def seeing(settings: Settings, books: Database, analyses: ObjectStore) -> Seeing:
    turns = Turns(books)
    runs = StyleRuns(turns, run_in_child(settings), When(every=timedelta(hours=settings.style_hours)))
    stocktakes = Stocktakes(books, Looks(books, analyses), partial(loaded_models, settings))
    advice = advice_router(AdviceTelling(books, terms_of(settings)))
    routers = (style_router(Telling(books), turns), stocktake_router(stocktakes), advice)
    return Seeing(routers, (runs.run, stocktakes.clean))
