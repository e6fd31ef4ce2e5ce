"""How many of a piece to hold: as many as pay.

A piece is ordered again one for one as it sells, so that in stock and on order together are `upto`. What is asked for
while none is there is lost. The share lost is then Erlang's loss formula of the demand within a lead time, whatever the
lead times' distribution (Erlang 1917; for stock: Karush 1957), here averaged over how far the forecast may be off. One
more is held as long as the margin that it saves is more than what holding it costs: the newsvendor's rule, exact for
pieces that sell one at a time. Where an order costs something by itself, more are ordered at once, by the square root
of that cost (Harris 1913), and `reorder` is the s of (s, S).
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from services.inventory.forecast.sales import Floats

_POINTS = 7
_MOST = 5_000


@dataclass(frozen=True, slots=True)
class Holding:
    """By piece, per week: `margin` of one sale, `keeping` one in stock. `service`: hold for that share of the demand to
    be served at least, whatever it costs; `order_cost`: of an order, however large."""

    margin: Floats
    keeping: Floats
    service: float | None = None
    order_cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Levels:
    """By piece: order when stock and what is on order are at or below `reorder`, up to `upto`. `lost`: the share of the
    demand that is then lost; `held`: how many lie there on average."""

    reorder: Floats
    upto: Floats
    lost: Floats
    held: Floats


def levels(weekly: Floats, spread: Floats, weeks: Floats, of: Holding) -> Levels:
    """`weekly` demand, of which the `spread` is the squared relative deviation, and `weeks` from an order to the time
    when what is ordered next comes, on average."""
    factor = _factors(spread)
    load = weekly[:, None] * factor * weeks[:, None]
    loss = np.ones_like(load)
    upto = np.zeros(len(weekly))
    lost = np.ones(len(weekly))
    held = np.zeros(len(weekly))
    open_ = np.flatnonzero(weekly > 0)
    for count in range(1, _MOST):
        if not len(open_):
            break
        here = load[open_] * loss[open_]
        loss[open_] = here / (count + here)
        lost_now = (loss[open_] * factor[open_]).mean(axis=1)
        held_now = count - (load[open_] * (1 - loss[open_])).mean(axis=1)
        if of.service is not None:
            more = lost[open_] > 1 - of.service
        else:
            saved = of.margin[open_] * weekly[open_] * (lost[open_] - lost_now)
            more = saved > of.keeping[open_] * (held_now - held[open_])
            more |= (load[open_].mean(axis=1) > 3 * count) & (of.margin[open_] > of.keeping[open_])
        taken = open_[more]
        upto[taken], lost[taken], held[taken] = count, lost_now[more], held_now[more]
        open_ = taken
    batch = np.sqrt(2 * of.order_cost * weekly / np.maximum(of.keeping, 1e-9))
    extra = np.maximum(0, np.rint(batch) - 1)
    return Levels(upto - 1, upto + extra, lost, held + extra / 2)


def _factors(spread: Floats) -> npt.NDArray[np.float64]:
    """[pieces, points] of mean 1: equally likely values of a gamma of that squared relative deviation."""
    shape = 1 / np.maximum(spread, 1e-6)[:, None]
    middles = [NormalDist().inv_cdf((point + 0.5) / _POINTS) for point in range(_POINTS)]
    root = 1 - 1 / (9 * shape) + np.array(middles) / (3 * np.sqrt(shape))
    drawn = np.maximum(root, 0.0) ** 3
    found: npt.NDArray[np.float64] = drawn / np.maximum(drawn.mean(axis=1, keepdims=True), 1e-9)
    return found
