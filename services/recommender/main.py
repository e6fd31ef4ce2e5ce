"""The composition root of the recommender: `python -m services.recommender.main` runs it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path

from services.recommender import routes
from services.recommender.cache import Answers
from services.recommender.click_through import ClickThrough
from services.recommender.completes import Completer
from services.recommender.erased import last_erasure
from services.recommender.erasing import Eraser, handle_erasure_asked
from services.recommender.experiments import Experiments
from services.recommender.handlers import handle_bundle, handle_user_events
from services.recommender.history import History
from services.recommender.impressions import Impressions, handle_impressions_shown
from services.recommender.index import Index
from services.recommender.learned import LearnedModels
from services.recommender.map.gaps import GapFinder
from services.recommender.map.making import MapMaker
from services.recommender.map.telling import Maps
from services.recommender.ordering import Ranker
from services.recommender.palette import PaletteSearcher
from services.recommender.pins import Pins
from services.recommender.popularity import Popularity
from services.recommender.retention import Retention
from services.recommender.search import Searcher
from services.recommender.settings import Settings
from services.recommender.suggest import Suggester
from services.recommender.teaching import RANKER, background_lessons
from services.recommender.telling import Telling
from services.recommender.together import Together
from shared import database, messaging, vectorstore
from shared.contracts.impressions import ImpressionsShown
from shared.contracts.messages import ErasureAsked, UserEvents
from shared.contracts.models import INDEX
from shared.database import Compaction, PoolCollector
from shared.observability import logs, traces
from shared.observability.http import create_app
from shared.service import Service, run

_MIGRATIONS = Path(__file__).parent / "migrations"


def build(settings: Settings, broker: messaging.Broker) -> Service:
    """The recommender over these settings, its database brought up to date."""
    index = Index(vectorstore.directory(settings.vector_store_url, INDEX))
    events = database.open(settings.database_url)
    events.migrate(_MIGRATIONS)
    history = History(events)
    retention = Retention(events, timedelta(days=settings.history_days))
    impressions = Impressions(events, timedelta(days=settings.shown_days))
    answers = Answers(index)
    popularity = Popularity(events, settings.weights)
    ranker = Ranker(popularity)
    pins = Pins(events)
    searcher = Searcher(index, ranker, pins)
    completer = Completer(index, ranker)
    experiments = Experiments(events)
    clicks = ClickThrough(events, experiments)
    models = LearnedModels(events)
    lessons = background_lessons(settings, models, events, History)
    maps = Maps(index, models)
    maker = MapMaker(index, models, maps, 60 * settings.lesson_minutes)
    suggester = Suggester(
        index,
        history,
        popularity,
        settings.weights,
        experiments=experiments,
        companions=Together(models.active),
        learned=partial(models.active, name=RANKER),
        explore=settings.explore,
        diversity=settings.diversity,
    )

    def close() -> None:
        index.close()
        events.close()

    checks = {"broker": broker.ping, "vectors": index.ping, "database": events.ping}
    app = create_app("recommender", checks, [PoolCollector("recommender", events)], fence=settings.internal_secret)
    app.include_router(routes.router(index, answers, searcher, completer, suggester, experiments))
    app.include_router(routes.map_router(maps, GapFinder(events, maps), PaletteSearcher(index)))
    app.include_router(routes.kept_router(Telling(events)))
    return Service(
        name="recommender",
        http=app,
        host=settings.host,
        port=settings.port,
        close=close,
        unit=events.together,
        background=[
            index.follow,
            pins.write_behind,
            impressions.clean,
            retention.run,
            lessons.run,
            maker.run,
            models.follow,
            Compaction(events.compact, partial(last_erasure, events)).run,
        ],
        handlers={
            UserEvents: partial(handle_user_events, history=history, clicks=clicks, publisher=broker),
            ErasureAsked: partial(handle_erasure_asked, eraser=Eraser(events, answers.forget), publisher=broker),
            ImpressionsShown: partial(
                handle_impressions_shown, impressions=impressions, clicks=clicks, publisher=broker
            ),
        },
        bundle_handlers={UserEvents: partial(handle_bundle, history=history, clicks=clicks, publisher=broker)},
    )


def main() -> None:
    settings = Settings()
    logs.configure("recommender")
    traces.configure(settings.traces_url)
    broker = messaging.open(settings.broker_url, "recommender")
    run([build(settings, broker)], broker, settings.worker_threads, sole_worker=settings.sole_worker)


if __name__ == "__main__":
    main()
