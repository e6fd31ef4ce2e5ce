"""What suggestions are measured against: each learns from the training part and ranks all items."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse
from scipy.linalg import lapack

from lab.recommend.figures import Floats, Lister, Scorer, listed
from lab.recommend.interactions import Interactions, Ints, Questions

Options = Mapping[str, float]
THREADS = 2
_LITTLE = 1e-9  # of popularity, so that the items without a score stand by how popular they are
_MATRIX_ROWS = 1_000


def popularity(data: Interactions, _options: Options) -> Lister:
    """The most popular items."""
    popular = data.popularity.astype(np.float32)
    return listed(lambda asked: np.tile(popular, (len(asked.had), 1)))


def cooccurrence(data: Interactions, _options: Options) -> Lister:
    """Shoppers in common by the root of the item's popularity, with the last three items, weighted 1, 1/2 and 1/3."""
    counts = _together(data)
    damped = (counts @ sparse.diags(1 / np.sqrt(np.maximum(1, data.popularity)))).tocsr().astype(np.float32)
    return listed(_by_items(damped, data.popularity, lambda back: (back < 3) / (back + 1.0)))


def item_knn(data: Interactions, options: Options) -> Lister:
    """Cosine of items' shoppers with a shrinkage (Sarwar et al. 2001), the `neighbours` nearest of each item."""
    norms = np.sqrt(np.maximum(1, data.popularity).astype(np.float64))
    counts = _together(data).tocoo()
    cosines = counts.data / (norms[counts.row] * norms[counts.col] + options["shrinkage"])
    near = sparse.csr_matrix((cosines.astype(np.float32), (counts.row, counts.col)), shape=counts.shape)
    return listed(_by_items(near, data.popularity, lambda back: options["fading"] ** back))


def ease(data: Interactions, options: Options) -> Lister:
    """EASE (Steck 2019): the closed form over all items, a dense inverse of items by items.

    `fading` weighs a shopper's items by how long ago they were; 1 is the method as published.
    """
    weights = _ease_weights(data, options["ridge"])

    def scores(asked: Questions) -> Floats:
        return np.asarray(_faded(asked.had, data.items, lambda back: options["fading"] ** back) @ weights)

    return listed(scores)


def als(data: Interactions, options: Options) -> Lister:
    """Weighted matrix factorization by alternating least squares (Hu et al. 2008), of the package `implicit`.

    A shopper's factors are solved for anew from what they have when asked.
    """
    from implicit.cpu.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(
        factors=int(options["factors"]),
        regularization=options["regularization"],
        alpha=options["alpha"],
        iterations=10,
        num_threads=THREADS,
        random_state=0,
    )
    model.fit(_matrix(data.training, data.items), show_progress=False)

    def scores(asked: Questions) -> Floats:
        own = model.recalculate_user(asked.shoppers, _matrix(asked.had, data.items))
        return np.asarray(own @ model.item_factors.T)

    return listed(scores)


def bpr(data: Interactions, options: Options) -> Lister:
    """Matrix factorization by Bayesian personalized ranking (Rendle et al. 2009), of the package `implicit`.

    A shopper's factors are those of training: the method has no others, so it does not see the validation item.
    """
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    model = BayesianPersonalizedRanking(
        factors=int(options["factors"]),
        learning_rate=0.05,
        regularization=options["regularization"],
        iterations=100,
        num_threads=THREADS,
        random_state=0,
    )
    model.fit(_matrix(data.training, data.items), show_progress=False)
    return listed(lambda asked: np.asarray(model.user_factors[asked.shoppers] @ model.item_factors.T))


@lru_cache(maxsize=1)  # minutes and 2 GB
def _ease_weights(data: Interactions, ridge: float) -> Floats:
    matrix = _matrix(data.training, data.items)
    inverse = (matrix.T @ matrix).toarray(order="F").astype(np.float32)
    each = np.arange(data.items)
    inverse[each, each] += ridge
    inverse, failed = lapack.spotrf(inverse, lower=1, clean=0, overwrite_a=1)
    if not failed:
        inverse, failed = lapack.spotri(inverse, lower=1, overwrite_c=1)
    if failed:
        raise ArithmeticError(f"EASE's matrix could not be inverted ({failed})")
    weights = _mirrored(inverse.T)
    weights /= -np.diag(weights).copy()
    weights[each, each] = 0
    return weights


def _matrix(sequences: Sequence[Ints], items: int) -> Any:
    """Shoppers by items, 1 where the shopper has the item."""
    return _faded(sequences, items, lambda back: np.ones(len(back)))


def _faded(sequences: Sequence[Ints], items: int, weight: Callable[[Ints], npt.NDArray[np.floating]]) -> Any:
    """Shoppers by items, with the weight of how many acts ago it was."""
    rows = np.repeat(np.arange(len(sequences)), [len(one) for one in sequences])
    weights = np.concatenate([weight(np.arange(len(one))[::-1]) for one in sequences]).astype(np.float32)
    return sparse.csr_matrix((weights, (rows, np.concatenate(sequences))), shape=(len(sequences), items))


def _together(data: Interactions) -> Any:
    matrix = _matrix(data.training, data.items)
    counts = (matrix.T @ matrix).tocsr()
    counts.setdiag(0)
    counts.eliminate_zeros()
    return counts


def _by_items(near: Any, popular: Ints, weight: Callable[[Ints], npt.NDArray[np.floating]]) -> Scorer:
    little = (_LITTLE * popular / popular.max()).astype(np.float32)
    return lambda asked: (_faded(asked.had, len(popular), weight) @ near).toarray() + little


def _mirrored(upper: Floats) -> Floats:
    """The symmetric matrix of which the upper half is given, in its place."""
    for start in range(0, len(upper), _MATRIX_ROWS):
        end = start + _MATRIX_ROWS
        corner = np.triu(upper[start:end, start:end])
        upper[start:end, start:end] = corner + np.triu(corner, 1).T
        upper[end:, start:end] = upper[start:end, end:].T
    return upper
