"""What the recommender counts beside the metrics that every service has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge, Histogram

from shared.observability import traces

EVENTS = Counter(
    "loupe_recommender_events_total",
    "Events of shoppers: recorded, repeated, or erased (told before their shopper was, and late)",
    ["outcome"],
)
ERASED = Counter("loupe_recommender_erased_total", "What went with its shopper: event, visit, or shown", ["kind"])
FORGOTTEN = Counter("loupe_recommender_forgotten_total", "What was kept long enough: event, visit, or shown", ["kind"])
for _kind in ("event", "visit", "shown"):
    FORGOTTEN.labels(_kind)  # 0 from the start
    ERASED.labels(_kind)
SUGGESTED = Counter(
    "loupe_recommender_suggested_total",
    "Suggested items by their reason: look, described, together, searched, set, item, popular, new",
    ["kind"],
)
SEARCHES = Counter(
    "loupe_recommender_searches_total", "Searches not answered from the cache: found, no_match, or nothing", ["outcome"]
)
CACHED = Counter("loupe_recommender_cache_total", "Answers looked for in the cache: hit, or miss", ["outcome"])
_STAGES = Histogram(
    "loupe_recommender_stage_seconds",
    "Duration of the stages of a search: candidates, rank, explain",
    ["stage"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
BEST = Histogram(
    "loupe_recommender_best_score",
    "Score of the best item of a search, which is in 0..1; searches that find nothing have none",
    buckets=[step / 20 for step in range(1, 21)],
)
SHOWN = Counter(
    "loupe_recommender_shown_total",
    "Pages of lists that shoppers were shown, by the place and, while something is compared, the variant",
    ["place", "variant"],
)
CLICKED = Counter("loupe_recommender_clicked_total", "Clicks on what such pages hold", ["place", "variant"])
LESSONS = Counter(
    "loupe_recommender_lessons_total",
    "Lessons learned in the background: swapped (the model is in use), worse, failed, nothing (too little), stopped",
    ["name", "outcome"],
)
LESSON_FIGURE = Gauge(
    "loupe_recommender_lesson_figure", "How good the last model learned here was, swapped in or not", ["name"]
)
LESSON_AGE = Gauge(
    "loupe_recommender_lesson_age_seconds", "Age of the oldest learned model that this process has in use", ["name"]
)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Measures what runs inside."""
    with _STAGES.labels(name).time(), traces.stage(name):
        yield
