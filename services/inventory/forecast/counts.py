"""How many may sell: the negative binomial, of a mean and of how far the mean itself may be off.

Variance = mean + spread * mean^2; a spread of 0 is Poisson. Arrays of equal shape in, one out.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from services.inventory.forecast.sales import Floats

_MANY = 60.0
"""From this mean on a gamma of the same mean and variance stands in."""
_LEAST_SPREAD = 1e-6
_BELOW = 0.1
_DROPPED = 3


def quantile(mean: Floats, spread: Floats, share: float) -> Floats:
    """The least count that at least `share` of the outcomes do not exceed."""
    mean, spread = np.broadcast_arrays(np.asarray(mean, float), np.asarray(spread, float))
    found = np.zeros(mean.shape)
    few = mean < _MANY
    found[few] = _counted(mean[few], np.maximum(spread[few], _LEAST_SPREAD), share)
    found[~few] = _gamma(mean[~few], spread[~few], share)
    return found


def interval(mean: Floats, spread: Floats) -> tuple[Floats, Floats]:
    """The least and the most of whole numbers that hold 80% of the outcomes, hardly more.

    From a tenth left out on each side, ends that are not needed for it are dropped, the less likely first.
    """
    mean, spread = np.broadcast_arrays(np.asarray(mean, float), np.asarray(spread, float))
    low, high = quantile(mean, spread, _BELOW), quantile(mean, spread, 1 - _BELOW)
    held = at_most(high, mean, spread) - at_most(low - 1, mean, spread)
    for _ in range(_DROPPED):
        first, last = chance(low, mean, spread), chance(high, mean, spread)
        spare = (held - np.minimum(first, last) >= 1 - 2 * _BELOW) & (low < high)
        lower = spare & (first < last)
        held = np.where(spare, held - np.minimum(first, last), held)
        low, high = np.where(lower, low + 1, low), np.where(spare & ~lower, high - 1, high)
    return low, high


def chance(count: Floats, mean: Floats, spread: Floats) -> Floats:
    """Of exactly so many."""
    shape = 1 / np.maximum(spread, _LEAST_SPREAD)
    mean = np.maximum(mean, 1e-12)
    log = log_gamma(count + shape) - log_gamma(shape) - log_gamma(count + 1)
    found: Floats = np.exp(log - shape * np.log1p(mean / shape) + count * np.log(mean / (shape + mean)))
    return found


def at_most(count: Floats, mean: Floats, spread: Floats) -> Floats:
    """The chance of no more than `count`, which is floored; of a negative count 0."""
    count, mean, spread = np.broadcast_arrays(np.floor(count), np.asarray(mean, float), np.asarray(spread, float))
    found = np.zeros(mean.shape)
    few = (mean < _MANY) & (count >= 0)
    many = (mean >= _MANY) & (count >= 0)
    found[few] = _summed(count[few], mean[few], np.maximum(spread[few], _LEAST_SPREAD))
    if many.any():
        shape = 1 / (1 / mean[many] + spread[many])
        root = np.cbrt((count[many] + 0.5) / mean[many])
        found[many] = _normal((root - 1 + 1 / (9 * shape)) * 3 * np.sqrt(shape))
    return found


def _counted(mean: Floats, spread: Floats, share: float) -> Floats:
    count = np.zeros(len(mean))
    chance = np.exp(-np.log1p(spread * mean) / spread)
    summed = chance.copy()
    ratio = spread * mean / (1 + spread * mean)
    open_ = np.flatnonzero(summed < share)
    k = 0
    while len(open_) and k < 20_000:
        chance[open_] *= (k + 1 / spread[open_]) / (k + 1) * ratio[open_]
        k += 1
        summed[open_] += chance[open_]
        count[open_] = k
        open_ = open_[summed[open_] < share]
    return count


def _summed(count: Floats, mean: Floats, spread: Floats) -> Floats:
    chance = np.exp(-np.log1p(spread * mean) / spread)
    summed = chance.copy()
    ratio = spread * mean / (1 + spread * mean)
    for k in range(int(min(count.max(initial=0), 2_000))):
        chance = chance * (k + 1 / spread) / (k + 1) * ratio
        summed += np.where(k < count, chance, 0)
    return np.minimum(summed, 1)


def _gamma(mean: Floats, spread: Floats, share: float) -> Floats:
    shape = 1 / (1 / mean + spread)
    root = 1 - 1 / (9 * shape) + NormalDist().inv_cdf(share) / (3 * np.sqrt(shape))
    found: Floats = np.ceil(mean * np.maximum(root, 0) ** 3 - 0.5)
    return np.maximum(found, 0)


def _normal(z: Floats) -> Floats:
    """The standard normal's distribution function, by Abramowitz and Stegun 26.2.17 (error below 1e-7)."""
    t = 1 / (1 + 0.2316419 * np.abs(z))
    tail = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail = tail * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    found: Floats = np.where(z >= 0, 1 - tail, tail)
    return found


def log_gamma(x: Floats) -> Floats:
    """Of numbers above 0, by Stirling's series eight further on."""
    z = x + 8
    shift = np.log(x * (x + 1) * (x + 2) * (x + 3)) + np.log((x + 4) * (x + 5) * (x + 6) * (x + 7))
    found: Floats = (z - 0.5) * np.log(z) - z + 0.5 * np.log(2 * np.pi) + 1 / (12 * z) - 1 / (360 * z**3) - shift
    return found
