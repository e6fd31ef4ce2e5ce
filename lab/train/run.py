"""`python -m lab train-embedding`: from pictures to a model folder."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from lab.datasets import Record
from lab.train.batches import Batches
from lab.train.fit import GEM_P, Recipe, Tail, fit
from lab.train.fusion import Fusion, choose
from lab.train.maps import MapCache
from lab.train.package import package
from lab.train.parts import Parts
from lab.train.sources import Sources, manifest_sha256, of_split, pictures, read_all
from lab.train.validation import FITTED_ON, drawn, questions, shop_weights
from lab.vectors import CACHE, vectors_of

TRAIN_SIZE = 260
SIZE = 560
"""Trained on small squares of enlarged pieces, used on large ones: as in Touvron et al. 2019, arXiv:1906.06423."""

DEFAULT = Recipe()
SHARES = (0.5, 0.7)
EPOCHS = 3
"""A small set is not seen more often than this; the recipe's steps are the most."""


@dataclass(frozen=True, slots=True)
class Trained:
    """Weights of the trunk's tail, and what they were trained on."""

    weights: dict[str, Tensor]
    train: Sequence[Record]
    recipe: Recipe


def train_embedding(
    sources: Sources, renders: Path, without: Sequence[str], out: Path, recipe: Recipe = DEFAULT
) -> str:
    """Train, fit the fusion, and write the model folder `out`; returns what came out. Goes on where it was cut off."""
    records = read_all(renders)
    trained = train(records, sources, without, recipe)
    trained, share, fusion = fit_fusion(records, trained, SIZE)
    training = {
        "sources": sources,
        "without": " ".join(without),
        "data_sha256": manifest_sha256(trained.train),
        "pictures": str(len(trained.train)),
        "recipe": str(trained.recipe),
        "share_of_training": str(share),
        "powers": f"{fusion.power} {fusion.colour_power}",
        "colour_weight": str(fusion.colour_weight),
        "validation_score": f"{fusion.score:.4f}",
    }
    cosine = package(out, trained.weights, fusion, GEM_P, SIZE, training)
    return "\n".join([*(f"{name}: {value}" for name, value in training.items()), f"cosine to torch: {cosine:.6f}"])


def train(records: Sequence[Record], sources: Sources, without: Sequence[str], recipe: Recipe) -> Trained:
    """The tail, trained on the train split of `sources`."""
    used = of_split(records, "train", sources, without)
    shown = pictures(used)
    print(f"{len(used)} pictures of {len({p.piece for p in shown})} pieces", flush=True)
    cache = MapCache(TRAIN_SIZE)
    maps, rows = cache.of(shown)
    views = sum(picture.views for picture in shown)
    recipe = replace(recipe, steps=min(recipe.steps, max(1, EPOCHS * views // recipe.batch)))
    name = hashlib.sha256(f"{recipe} {manifest_sha256(used)} {cache.name}".encode()).hexdigest()[:12]
    checkpoint = CACHE / "training" / f"{sources}-{name}.pt"
    return Trained(fit(maps, Batches(shown, rows, recipe.batch, recipe.seed), recipe, checkpoint), used, recipe)


def fit_fusion(records: Sequence[Record], trained: Trained, size: int) -> tuple[Trained, float, Fusion]:
    """Whitening fitted on train pictures; its power, the weight of the colours and the share of training on validation.

    Weights between ImageNet's and the trained ones do better on shops never seen than either: Wortsman et al. 2022,
    "Robust fine-tuning of zero-shot models", arXiv:2109.01903.
    """
    asked = questions(records, trained.train)
    looked_at = {r.sha256: r for question in asked for r in (*question.queries, *question.gallery)}
    fitted_on = drawn(trained.train, FITTED_ON)
    weights = shop_weights(fitted_on)
    best: tuple[Trained, float, Fusion] | None = None
    for share in SHARES:
        mixed = replace(trained, weights=between(trained.weights, share))
        model = Parts("parts", mixed.weights, GEM_P, size)
        known = dict(zip(looked_at, vectors_of(model, list(looked_at.values())), strict=True))
        fusion = choose(vectors_of(model, fitted_on), weights, known, asked)
        print(
            f"share {share}: power {fusion.power}, colours {fusion.colour_weight}, score {fusion.score:.4f}", flush=True
        )
        if best is None or fusion.score > best[2].score:
            best = mixed, share, fusion
    assert best is not None  # noqa: S101  there are shares
    return best


def between(trained: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    """ImageNet's weights, moved by `share` (0..1) towards the trained ones."""
    start = Tail().trunk_weights()
    return {
        name: torch.lerp(start[name], value, share) if value.is_floating_point() else value
        for name, value in trained.items()
    }
