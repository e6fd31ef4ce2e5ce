"""Ranking beside the serving of a package that shops use for it, in one process."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_matrix

from bench.recommender_ranking import timed

_ITEMS, _SHOPPERS, _FACTORS, _LIKED, _TIMES = 5_000, 2_000, 64, 20, 300


def ranking() -> tuple[float, float]:
    """Median ms of a list of 20: ours of 500 candidates; `implicit`'s of 5,000 items for a shopper it has factors of.

    Ours also reads what a shopper did last, gives each piece its features and varies the list, which the peer does not.
    """
    from implicit.cpu.als import AlternatingLeastSquares

    rng = np.random.default_rng(0)
    rows, columns = np.repeat(np.arange(_SHOPPERS), _LIKED), rng.integers(0, _ITEMS, _SHOPPERS * _LIKED)
    had = csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=(_SHOPPERS, _ITEMS))
    model = AlternatingLeastSquares(factors=_FACTORS, iterations=3, num_threads=1, random_state=0)
    model.fit(had, show_progress=False)
    peer = [_ms(lambda shopper=shopper: model.recommend(shopper, had[shopper], N=20)) for shopper in range(_TIMES)]  # type: ignore[misc]
    return float(np.median(timed()[10:])), float(np.median(peer[10:]))


def _ms(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1e3
