"""The model that Loupe serves, learned, packed, loaded and asked as the recommender does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lab.recommend.figures import SHOWN, Lister, filled
from lab.recommend.interactions import Interactions, Ints, Questions
from services.recommender.together import Companions
from services.recommender.together_counting import Recipe, Sequences
from services.recommender.together_lesson import fit


def together(data: Interactions, options: Mapping[str, float]) -> Lister:
    """Counts of what is taken up together, `services/recommender/together.py`, by the recipe of these options."""
    return served(data, recipe_of(options))


def served(data: Interactions, recipe: Recipe, training: Sequence[Ints] | None = None) -> Lister:
    """The served model of `training`, by default the whole training part."""
    model = Companions(fit(acts_of(training or data.training, data.items), recipe))
    popular = data.popularity

    def lists(asked: Questions) -> Ints:
        found = [
            [int(one.sku) for one in model.of([(f"{item:07}", 1.0) for item in had[::-1].tolist()], SHOWN)]
            for had in asked.had
        ]
        return filled(found, asked.had, popular)

    return lists


def recipe_of(options: Mapping[str, float]) -> Recipe:
    return Recipe(**options)  # type: ignore[arg-type] # whole numbers where the recipe has them


def acts_of(training: Sequence[Ints], items: int) -> Sequences:
    """Sequences without times as acts: all of one day and one kind, in their order."""
    lengths = [len(one) for one in training]
    acts = np.concatenate(training)
    return Sequences(
        [f"{item:07}" for item in range(items)],
        np.repeat(np.arange(len(training)), lengths),
        acts,
        np.zeros(len(acts)),
        np.ones(len(acts), np.float32),
    )
