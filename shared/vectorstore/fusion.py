"""Points ranked by several measures at once: reciprocal rank fusion."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

_K = 60
"""Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning", 2009."""
_CANDIDATES = 200
_DIGITS = 6


Measure = Callable[[int, Collection[str] | None], dict[str, float]]
"""Gives the best points by one measure, as id -> score: so many of them, and of these points alone unless None."""


def fused(measures: Sequence[Measure], limit: int) -> dict[str, float]:
    """The best `limit` points by all measures, best first, with scores in 0..1. See `VectorStore.search_text`.

    A candidate by one measure is scored by the others too. So it matters little which of many equals made it into the
    first ones: a word that thousands of titles have would else count for some of them and not for others.
    """
    if limit < 1:
        return {}
    found = [measure(max(limit, _CANDIDATES), None) for measure in measures]
    candidates = {point for scores in found for point in scores}
    totals = dict.fromkeys(candidates, 0.0)
    for measure, scores in zip(measures, found, strict=True):
        if missing := candidates - scores.keys():
            scores |= measure(len(missing), missing)
        ranks = {score: rank for rank, score in enumerate(sorted(set(scores.values()), reverse=True), 1)}
        for point, score in scores.items():
            totals[point] += 1 / (_K + ranks[score])
    best = len(measures) / (_K + 1)
    shares = {point: round(total / best, _DIGITS) for point, total in totals.items()}
    return dict(sorted(shares.items(), key=lambda share: (-share[1], share[0]))[:limit])
