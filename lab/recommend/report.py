"""`make evaluate-recommender`: the report on suggestions."""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lab.evaluate.report import Section, Table, write
from lab.recommend.evaluate import CHOSEN_ON, Options, Outcome, evaluate, models
from lab.recommend.figures import measure
from lab.recommend.interactions import SHARED, Interactions, read
from lab.recommend.served import acts_of, recipe_of, served
from lab.statistics import wilson
from services.recommender.together import Companions
from services.recommender.together_lesson import fit

_RIVALS = ("EASE", "ItemKNN", "ALS")
_SERVED = "together (served)"
_UNLEARNED = (0.0, 0.05, 0.1, 0.25)
_SEEDS = 20
_ASKED = 2_000
WORDS = """
Written by `make evaluate-recommender`. 39,387 shoppers and 23,033 items of clothing, shoes and jewelry, by the protocol
of leaving the last out: given all but the last item of a shopper, rank all items that the shopper has not; the last is
the target. Models learn from all but the last two. Options are chosen by NDCG@10 on the items before the last of
{chosen:,} shoppers, and the chosen ones asked once for the test targets.
"""


def report(out: Path, cache: Path, without: Sequence[str] = (), interactions: Path = SHARED) -> str:
    """Measure all models but those `without`, write `out`/report.md and report.json, and return the Markdown.

    Goes on where it was stopped.
    """
    data = read(interactions)
    outcomes = evaluate(data, [model for model in models() if model.name not in without], cache)
    chosen = next(one.chosen for one in outcomes if one.name == _SERVED)
    sections = [_comparison(outcomes), _choices(outcomes), _staleness(data, chosen), _cost(data, chosen)]
    return write(out, "Suggestions", WORDS.strip().format(chosen=CHOSEN_ON), sections)


def _comparison(outcomes: Sequence[Outcome]) -> Section:
    names = ["model", "HR@5", "HR@10 (95%)", "NDCG@5", "NDCG@10", "coverage@10", "novelty, bits", "HR@10, cold"]
    rows = []
    for one in outcomes:
        test = one.test
        low, high = wilson(round(test.hr10 * test.of), test.of)
        rows.append(
            [
                one.name,
                f"{test.hr5:.4f}",
                f"{test.hr10:.4f} ({low:.4f}-{high:.4f})",
                f"{test.ndcg5:.4f}",
                f"{test.ndcg10:.4f}",
                f"{test.coverage:.3f}",
                f"{test.novelty:.2f}",
                f"{test.hr10_cold:.4f}",
            ]
        )
    figures = {one.name: one.test.told() | {"seconds": one.seconds} for one in outcomes}
    words = f"Of the targets {outcomes[0].test.cold} are cold: in no training sequence. {_verdict(outcomes)}"
    return Section("Test targets", words, [Table(names, rows)], figures)


def _verdict(outcomes: Sequence[Outcome]) -> str:
    by_name = {one.name: one.test for one in outcomes}
    told = []
    for label, reached in (
        ("HR@10", {name: found.hr10 for name, found in by_name.items()}),
        ("NDCG@10", {name: found.ndcg10 for name, found in by_name.items()}),
    ):
        value, of_best, best = reached[_SERVED], *max((reached[name], name) for name in _RIVALS if name in reached)
        verdict = "reached" if value >= of_best else "missed"
        told.append(f"{label} {value:.4f} against {of_best:.4f} of {best}: {verdict}.")
    missing = [f" {name} was not measured." for name in _RIVALS if name not in by_name]
    return "Target, at least the best of EASE, ItemKNN and ALS with a model that can be served: " + " ".join(
        told + missing
    )


def _choices(outcomes: Sequence[Outcome]) -> Section:
    rows = [
        [
            one.name,
            _said(options),
            f"{found.hr10:.4f}",
            f"{found.ndcg10:.4f}",
            "chosen" if options == one.chosen else "",
        ]
        for one in outcomes
        if len(one.tried) > 1
        for options, found in one.tried
    ]
    figures = {
        one.name: [
            {"options": dict(options), "hr10": found.hr10, "ndcg10": found.ndcg10} for options, found in one.tried
        ]
        for one in outcomes
    }
    return Section(
        "Options, on validation targets", "", [Table(["model", "options", "HR@10", "NDCG@10", ""], rows)], figures
    )


def _staleness(data: Interactions, chosen: Options) -> Section:
    known = data.training
    drawn = np.random.default_rng(0).permutation(len(data.sequences))
    questions = data.test.sample(CHOSEN_ON)
    rows, figures = [], {}
    for share in _UNLEARNED:
        kept = np.sort(drawn[int(share * len(drawn)) :])
        training = [known[n] for n in kept]
        found = measure(
            served(data, recipe_of(chosen), training)(questions),
            questions.targets,
            data.popularity,
        )
        rows.append([f"{share:.0%}", f"{found.hr10:.4f}", f"{found.ndcg10:.4f}"])
        figures[f"{share:.2f}"] = {"hr10": found.hr10, "ndcg10": found.ndcg10}
    words = (
        f"What a model loses that does not know the acts of so many of the shoppers yet ({CHOSEN_ON:,} test targets). "
        "It learns again when a twentieth more was recorded."
    )
    return Section("Between two trainings", words, [Table(["not yet learned", "HR@10", "NDCG@10"], rows)], figures)


def _cost(data: Interactions, chosen: Options) -> Section:
    acts = acts_of(data.training, data.items)
    started = time.perf_counter()
    held = fit(acts, recipe_of(chosen))
    learning = time.perf_counter() - started
    started = time.perf_counter()
    model = Companions(held)
    loading = 1e3 * (time.perf_counter() - started)
    random, took = np.random.default_rng(0), []
    for _ in range(_ASKED):
        seeds = [(acts.skus[item], 1.0) for item in random.choice(acts.item, _SEEDS)]
        started = time.perf_counter()
        model.of(seeds, 100)
        took.append(1e3 * (time.perf_counter() - started))
    half, most = np.quantile(took, [0.5, 0.99])
    figures = {"learn_s": learning, "bytes": len(held), "load_ms": loading, "p50_ms": half, "p99_ms": most}
    rows = [[f"{learning:.1f} s", f"{len(held) / 1e6:.1f} MB", f"{loading:.2f} ms", f"{half:.2f} ms", f"{most:.2f} ms"]]
    names = ["learning 199,903 acts", "size", "loading", f"companions of {_SEEDS} seeds, p50", "p99"]
    return Section("What it costs", f"One core, on {platform.machine()}.", [Table(names, rows)], figures)


def _said(options: Options) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in options.items())
