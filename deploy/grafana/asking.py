"""How boards ask Prometheus: the few forms that their expressions have."""

from __future__ import annotations

from collections.abc import Sequence

from deploy.grafana.panels import Series

_INTERVAL = "$__rate_interval"
NOW, REFERENCE = "6h", "7d"
"""What is of late, and what it is held against, for drift."""


def rate(metric: str, by: str = "", where: str = "") -> str:
    """A second, of a counter, all together or by labels."""
    summed = f"sum by ({by})" if by else "sum"
    return f"{summed} (rate({metric}{_of(where)}[{_INTERVAL}]))"


def quantile(share: float, histogram: str, by: str = "", where: str = "") -> str:
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({share:g}, {rate(f'{histogram}_bucket', labels, where)})"


def quantiles(histogram: str, where: str = "", shares: Sequence[float] = (0.5, 0.95, 0.99)) -> list[Series]:
    return [Series(quantile(share, histogram, "", where), f"p{100 * share:g}") for share in shares]


def share(metric: str, where: str, of: str = "", by: str = "") -> str:
    """What part of a counter is `where`, among all or those that are `of`."""
    return f"{rate(metric, by, where)} / {rate(metric, by, of)}"


def failing(metric: str, where: str, by: str) -> str:
    """As `share`, and 0 where nothing was `where`: by labels there would be no series."""
    every = rate(metric, by)
    return f"({rate(metric, by, where)} or 0 * {every}) / {every}"


def mean(histogram: str, by: str = "") -> str:
    return f"{rate(f'{histogram}_sum', by)} / {rate(f'{histogram}_count', by)}"


def increase(metric: str, over: str, by: str = "", where: str = "") -> str:
    summed = f"sum by ({by})" if by else "sum"
    return f"{summed} (increase({metric}{_of(where)}[{over}]))"


def _shares(counter: str, of_all: str, over: str, by: str, where: str) -> str:
    return f"{increase(counter, over, by, where)} / scalar({increase(of_all, over, '', where)})"


def moved(counter: str, by: str, where: str = "") -> str:
    """How far the shares of a counter's kinds are from those of the reference window, in 0..1: half of the sum of the
    differences (total variation distance), which is the share of all that became of another kind."""
    now, reference = (_shares(counter, counter, over, by, where) for over in (NOW, REFERENCE))
    return f"sum(abs({now} - {reference})) / 2"


def apart(histogram: str, where: str = "") -> str:
    """How far a distribution is from that of the reference window, in 0..1: the largest difference of the two
    cumulative shares (the statistic of Kolmogorov and Smirnov), as far as the buckets tell."""
    now, reference = (
        _shares(f"{histogram}_bucket", f"{histogram}_count", over, "le", where) for over in (NOW, REFERENCE)
    )
    return f"max(abs({now} - {reference}))"


def age(timestamp: str) -> str:
    """Seconds since a moment that a gauge tells."""
    return f"time() - min({timestamp})"


def _of(where: str) -> str:
    return f"{{{where}}}" if where else ""
