"""What only the gateway can count."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from services.gateway.tables import OUTBOX, DeadLetter, Image, Reconciliation
from shared.contracts.shop import INCOMING
from shared.database import Database
from shared.errors import Retryable
from shared.observability import traces

OUTCOMES = Counter("loupe_pictures_total", "Pictures whose outcome came back", ["outcome"])
FOUND = Counter("loupe_reconcile_found_total", "Differences between the stores that were found and repaired", ["kind"])
_KINDS = (
    "point-missing",
    "point-stale",
    "point-of-removed",
    "row-missing",
    "analysis-missing",
    "stranger",
    "item-behind",
    "item-ahead",
    "message-lost",
    "picture-lost",
    "picture-back",
    "orphan-picture",
    "orphan-analysis",
)
for _kind in _KINDS:
    FOUND.labels(_kind)  # a rate needs the 0 before the first
HEADER_READERS_ENDED = Counter(
    "loupe_gateway_header_readers_ended_total",
    "Processes that read headers, ended by a picture that took too much time or memory, or crashed them",
    ["how"],
)
for _how in ("time", "memory", "crash"):
    HEADER_READERS_ENDED.labels(_how)
UPLOADED_BYTES = Histogram(
    "loupe_picture_bytes", "Size of accepted pictures", buckets=(1e4, 1e5, 3e5, 1e6, 3e6, 1e7, 2e7)
)
RATE_LIMITED = Counter("loupe_rate_limited_total", "Requests refused because their key sent too many")
REPLAYED = Counter("loupe_idempotent_replays_total", "Repeats of requests that were answered as before")
UNCOUNTED = Counter("loupe_rate_limit_uncounted_total", "Requests let through because their counter was away")
SHOP_EVENTS = Counter("loupe_shop_events_total", "Events of shops by what became of them", ["type", "outcome"])
for _type in (*INCOMING, "unreadable"):
    for _outcome in ("handled", "late", "repeated", "retried", "refused"):
        SHOP_EVENTS.labels(_type, _outcome)  # 0 from the start

SEARCH_SECONDS = Histogram(
    "loupe_search_seconds",
    "Time of a search by stage",
    ["stage"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
for _stage in ("read", "embedder", "recommender", "join"):
    SEARCH_SECONDS.labels(_stage)
SEARCHES = Counter("loupe_searches_total", "Searches by what they found", ["outcome"])
for _outcome in ("found", "no-match", "nothing"):
    SEARCHES.labels(_outcome)
CACHE = Counter("loupe_query_cache_total", "Looks into what is kept of queries", ["cache", "outcome"])
CLICK_POSITION = Histogram(
    "loupe_click_position", "Place in its list, from 0, of what was clicked", buckets=(0, 1, 2, 4, 9, 19, 49, 99)
)
SUGGESTED = Counter("loupe_suggested_places_total", "Places of suggestions, by how they were given away", ["by"])
for _by in ("ranking", "chance"):
    SUGGESTED.labels(_by)
_BY_RANKING_FROM = 0.5
"""At most half of the places are given away by chance, so who has one by the ranking was as likely to get it."""
SHED = Counter("loupe_refused_for_load_total", "Requests refused, or cut, because there was too much to do", ["why"])
for _why in ("pictures", "changes", "requests", "bodies", "slow"):
    SHED.labels(_why)  # 0 from the start
BACKLOG_LIMIT = Gauge(
    "loupe_outbox_limit", "Pictures are refused from so many messages without an outcome on", multiprocess_mode="max"
)
IMPRESSIONS_LOST = Counter("loupe_impressions_lost_total", "Lists that were shown and not logged: too many waited")


@contextmanager
def stage(name: Literal["read", "embedder", "recommender", "join"]) -> Iterator[None]:
    """Times one stage of a search."""
    with SEARCH_SECONDS.labels(name).time(), traces.stage(name):
        yield


def count_search(found: int, *, no_match: bool) -> None:
    SEARCHES.labels("no-match" if no_match else "found" if found else "nothing").inc()


def count_suggested(propensities: Sequence[float | None]) -> None:
    """Of a list as it was shown, how likely each item was to have its place; None where nobody says."""
    for propensity in propensities:
        chance = propensity is not None and propensity < _BY_RANKING_FROM
        SUGGESTED.labels("chance" if chance else "ranking").inc()


class ShopIntakeCollector(Collector):
    """The age of the oldest event of a shop that this gateway has in hand: how late shops are heard."""

    def __init__(self, oldest_seconds: Callable[[], float]) -> None:
        self._oldest_seconds = oldest_seconds

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "loupe_shop_event_age_seconds",
            "Age of the oldest event of a shop that is not handled",
            value=self._oldest_seconds(),
        )


class CatalogueCollector(Collector):
    """Pictures by state, open outbox rows and dead letters, counted at the moment of a scrape."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[Metric]:
        pictures = GaugeMetricFamily("loupe_catalogue_pictures", "Pictures by state", labels=["state"])
        waiting = GaugeMetricFamily("loupe_outbox_open", "Messages whose outcome has not come back")
        oldest = GaugeMetricFamily("loupe_outbox_oldest_seconds", "Age of the oldest message without an outcome")
        letters = GaugeMetricFamily("loupe_dead_letters", "Messages that nobody could handle")
        reconciled = GaugeMetricFamily(
            "loupe_reconcile_last_success_timestamp_seconds", "Since when every shop's stores have been compared"
        )
        up = GaugeMetricFamily("loupe_database_up", "1 when the catalogue database answers")
        try:
            with self._database.read() as session:
                for state, count in session.execute(select(Image.state, func.count()).group_by(Image.state)):
                    pictures.add_metric([state], count)
                waiting.add_metric([], OUTBOX.open_rows(session))
                oldest.add_metric([], OUTBOX.oldest_seconds(session))
                letters.add_metric([], session.execute(select(func.count()).select_from(DeadLetter)).scalar_one())
                since = session.execute(select(func.min(Reconciliation.succeeded_at))).scalar_one()
                if since:
                    reconciled.add_metric([], since.timestamp())
            up.add_metric([], 1)
        except Retryable:
            up.add_metric([], 0)
        yield from (pictures, waiting, oldest, letters, reconciled, up)
