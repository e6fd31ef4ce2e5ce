"""What the recommender counts beside the metrics that every service has."""

from __future__ import annotations

from prometheus_client import Counter

EVENTS = Counter("loupe_recommender_events_total", "Events of shoppers: recorded, or repeated", ["outcome"])
SUGGESTED = Counter(
    "loupe_recommender_suggested_total", "Suggested items by their reason: look, popular, new", ["kind"]
)
