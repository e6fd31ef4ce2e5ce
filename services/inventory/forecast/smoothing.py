"""Smoothing of many series at once: float [series, weeks] in, a level a week of each series out.

Simple exponential smoothing; Croston (1972) and TSB (Teunter, Syntetos and Babai 2011) for intermittent demand; ADIDA
(Nikolopoulos et al. 2011), which smooths sums of several weeks; seasonal naive. Weights are chosen a series, by the
squared error one step ahead, of `WEIGHTS`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.inventory.forecast.sales import SEASON, Floats

Series = npt.NDArray[np.floating]
WEIGHTS = (0.02, 0.05, 0.1, 0.2, 0.3)
_BUCKETS = (1, 2, 3, 4, 6, 8, 13)


def ses(series: Series, weights: tuple[float, ...] = WEIGHTS) -> Floats:
    """The level after the last week, by simple exponential smoothing."""
    best, error = np.zeros(len(series)), np.full(len(series), np.inf)
    for weight in weights:
        level = series[:, : min(8, series.shape[1])].mean(axis=1).astype(float)
        squared = np.zeros(len(series))
        for week in range(series.shape[1]):
            off = series[:, week] - level
            squared += off * off
            level = level + weight * off
        better = squared < error
        best[better], error[better] = level[better], squared[better]
    return best


def croston(series: Series, weight: float = 0.1) -> Floats:
    """Size over interval, both smoothed when something sells, less the bias that Syntetos and Boylan (2005) found."""
    size, interval, since = _first_sizes(series), _first_intervals(series), np.ones(len(series))
    for week in range(series.shape[1]):
        sells = series[:, week] > 0
        size = np.where(sells, size + weight * (series[:, week] - size), size)
        interval = np.where(sells, interval + weight * (since - interval), interval)
        since = np.where(sells, 1, since + 1)
    return (1 - weight / 2) * size / np.maximum(interval, 1)


def tsb(series: Series, weights: tuple[float, ...] = WEIGHTS) -> Floats:
    """Size, smoothed when something sells, times the chance that it does, smoothed every week: it forgets what died."""
    best, error = np.zeros(len(series)), np.full(len(series), np.inf)
    for weight in weights:
        size, chance = _first_sizes(series), 1 / _first_intervals(series)
        squared = np.zeros(len(series))
        for week in range(series.shape[1]):
            now = series[:, week]
            squared += (now - size * chance) ** 2
            chance = chance + weight * ((now > 0) - chance)
            size = np.where(now > 0, size + weight * (now - size), size)
        better = squared < error
        best[better], error[better] = (size * chance)[better], squared[better]
    return best


def adida(series: Series) -> Floats:
    """Sums of as many weeks as lie between two sales on average, smoothed, and spread evenly over the weeks again."""
    level = np.zeros(len(series))
    sells = (series > 0).sum(axis=1)
    gaps = series.shape[1] / np.maximum(1, sells)
    chosen = np.array(_BUCKETS)[np.clip(np.searchsorted(_BUCKETS, gaps), 0, len(_BUCKETS) - 1)]
    for weeks in _BUCKETS:
        rows = (chosen == weeks) & (sells > 0)
        whole = series.shape[1] // weeks * weeks
        if rows.any() and whole:
            sums = series[rows, series.shape[1] - whole :].reshape(rows.sum(), -1, weeks).sum(axis=2)
            level[rows] = ses(sums) / weeks
    return level


def seasonal_naive(series: Series, ahead: int) -> Floats:
    """What was sold in the same weeks a year ago, float [series, ahead]; of less than a year, the last week's."""
    if series.shape[1] < SEASON:
        return np.repeat(series[:, -1:].astype(float), ahead, axis=1)
    return np.stack([series[:, series.shape[1] - SEASON + week % SEASON] for week in range(ahead)], axis=1).astype(
        float
    )


def _first_sizes(series: Series) -> Floats:
    found: Floats = series.sum(axis=1) / np.maximum(1, (series > 0).sum(axis=1))
    return found


def _first_intervals(series: Series) -> Floats:
    found: Floats = series.shape[1] / np.maximum(0.5, (series > 0).sum(axis=1))
    return found
