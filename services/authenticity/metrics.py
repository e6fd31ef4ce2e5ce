"""What the authenticity service counts beside the metrics that every service has."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

VERIFICATIONS = Counter("loupe_verifications_total", "Verifications by what they answered of the design", ["outcome"])
for _outcome in ("match", "mismatch", "cannot_tell"):
    VERIFICATIONS.labels(_outcome)  # 0 from the start
VERIFYING = Histogram(
    "loupe_verification_seconds", "Time of one verification", buckets=(0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 20)
)
