"""`python -m lab simulate-shop`: suggestions measured where the truth is known, in a shop that is made up.

Shoppers' tastes are of design parameters that the embedding is never given; pieces come in all the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lab.evaluate.report import Table
from lab.models import open_model
from lab.recommend import simulation_shoppers
from lab.recommend.simulation_days import PLACES, Day, Plan, Shop, exposure
from lab.recommend.simulation_pieces import Piece, pieces_of_renders
from lab.recommend.simulation_policies import Alike, Loupe, Policy, Popular, unexplored
from lab.statistics import bootstrap
from services.embedder.manifest import SHIPPED, model_of, read_manifest
from shared.contracts.models import Model

REPORT = Path(__file__).parents[1] / "reports" / "recommender" / "simulation.md"
TARGET = 1.10
_ACTS_AT_LEAST = 3
_SEED = 8
_WORLDS = 3
"""Shops of other shoppers, over which cold pieces are measured together: of one alone the interval is wide."""
_SPAN = 3
"""Days at the start and at the end that exposure is compared over."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """What is the same for all policies."""

    plan: Plan
    pieces: Sequence[Piece]
    shoppers: simulation_shoppers.Shoppers
    model: Model
    seed: int


@dataclass(frozen=True)
class Cold:
    """`hits[s]`: how likely a shopper's choice among the cold pieces is in the list; one policy."""

    name: str
    hits: Floats
    others: Floats
    """The same among the pieces that are not cold."""


def simulate(seed: int = _SEED, report: Path = REPORT) -> str:
    """Run all of it, write the report and return it."""
    pieces = pieces_of_renders(open_model(str(SHIPPED)))
    model = model_of(read_manifest(SHIPPED))
    text = told([made(pieces, model, Plan(), number) for number in range(seed, seed + _WORLDS)])
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(text, encoding="utf-8")
    return text


def made(pieces: Sequence[Piece], model: Model, plan: Plan, seed: int) -> World:
    """A world by its seed; pieces come in in an order by chance."""
    random = np.random.default_rng([seed, 0])
    mixed = [pieces[place] for place in random.permutation(len(pieces))]
    return World(plan, mixed, simulation_shoppers.draw(random, mixed, plan.shoppers), model, seed)


def told(worlds: Sequence[World]) -> str:
    """The report: cold pieces in all of the worlds, the rest in the first, where each policy has its turn."""
    world, *_ = worlds
    plan = world.plan
    measures, count = [], 0
    runs: dict[str, list[Day]] = {}
    for each in worlds:
        with Loupe(each.model) as loupe:
            watching: list[Policy] = _plain()
            shop, days = _run(each, loupe, watching)
            measures.append([measured(shop, policy) for policy in (loupe, *watching)])
            count += len(shop.cold())
            runs.setdefault(loupe.name, days)
    cold = [pooled(list(of_one)) for of_one in zip(*measures, strict=True)]
    with Loupe(world.model, unexplored, "Loupe, nothing by chance") as plainer:
        runs[plainer.name] = _run(world, plainer)[1]
    runs |= {policy.name: _run(world, policy)[1] for policy in _plain()}
    parts = [
        "# Suggestions in a simulated shop",
        f"Made by `make simulate-shop`, seed {world.seed}, with the vectors of {world.model.version}. "
        f"{len(world.pieces)} designs of renders, {plan.opening:.0%} of them there at the opening and the others "
        f"coming in over {plan.days} days; {plan.shoppers} shoppers, {plan.visits} visits a day. A shopper's taste is "
        "of form, motif, number of stones, symmetry, width and price class, which the embedding is never given "
        "(the index knows type, colours and the price), and of the type. They look at a list from the top down and "
        "leave at any place (position bias), and besides it at a category's page, which no policy chose.",
        "## Pieces that hardly anybody acted on yet",
        f"In {len(worlds)} shops that Loupe ran, {count} pieces with at most 2 events after {plan.days} days. The "
        f"share of choices among them that the {PLACES} suggestions hold, a choice being as likely as the shopper's "
        "taste makes it; all pieces contend. All policies know the same acts. By "
        f"{len(cold[0].hits)} shoppers with {_ACTS_AT_LEAST} acts or more, 95% bootstrap intervals.",
        _cold_table(cold).markdown(),
        "## New pieces, variety and feedback",
        f"Each policy runs a shop of its own. New pieces shown: those that were in one of the first {plan.first_hour} "
        f"lists after they came in, {plan.first_hour} being the visits of an hour. Distance: 1 - cosine of two pieces "
        f"of a list. Gini: how unevenly the places of the first and the last {_SPAN} days are given to the pieces that "
        "are there, 0 all alike; shown: the share of them that is shown at all.",
        _runs_table(world, runs).markdown(),
    ]
    return "\n\n".join(parts) + "\n"


def pooled(cold: Sequence[Cold]) -> Cold:
    """One policy in several worlds."""
    hits, others = (np.concatenate([getattr(one, name) for one in cold]) for name in ("hits", "others"))
    return Cold(cold[0].name, hits, others)


def _plain() -> list[Policy]:
    return [Popular(), Alike(average=True), Alike(average=False)]


def measured(shop: Shop, policy: Policy) -> Cold:
    """How likely each shopper's choice among cold pieces, and among others, is in what the policy lists for them."""
    cold = set(shop.cold())
    place = {piece.sku: number for number, piece in enumerate(shop.pieces)}
    hits: list[float] = []
    others: list[float] = []
    for shopper, acted_on in sorted(shop.known.items()):
        if len(acted_on) < _ACTS_AT_LEAST:
            continue
        listed = {place[sku] for sku in policy.listed(shop.shoppers.names[shopper], PLACES)}
        unknown = [number for number in range(shop.there) if shop.pieces[number].sku not in acted_on]
        for found, among in (
            (hits, [number for number in unknown if number in cold]),
            (others, [number for number in unknown if number not in cold]),
        ):
            wanted = shop.shoppers.wanted(shopper, among)
            found.append(float(sum(share for share, number in zip(wanted, among, strict=True) if number in listed)))
    return Cold(policy.name, np.array(hits), np.array(others))


def _run(world: World, policy: Policy, watching: Sequence[Policy] = ()) -> tuple[Shop, list[Day]]:
    shop = Shop(world.plan, world.pieces, world.shoppers, policy, watching)
    return shop, shop.run(np.random.default_rng([world.seed, 1]))


def _cold_table(cold: Sequence[Cold]) -> Table:
    ours = cold[0]
    rows = []
    for one in cold:
        low, high = bootstrap(one.hits)
        better = "" if one is ours else _ratio(ours.hits, one.hits)
        rows.append([one.name, f"{one.hits.mean():.4f} ({low:.4f}-{high:.4f})", better, f"{one.others.mean():.4f}"])
    target = f"Loupe against it (target: {TARGET:g})"
    return Table(["policy", f"HR@{PLACES} of cold pieces", target, f"HR@{PLACES} of others"], rows)


def _ratio(ours: Floats, theirs: Floats) -> str:
    """Of the means, with the 95% interval by resampling shoppers."""
    if not theirs.mean():
        return "it finds none"
    drawn = np.random.default_rng(0).integers(len(ours), size=(2_000, len(ours)))
    low, high = np.quantile(ours[drawn].mean(axis=1) / np.maximum(theirs[drawn].mean(axis=1), 1e-9), [0.025, 0.975])
    return f"{ours.mean() / theirs.mean():.2f} ({low:.2f}-{high:.2f})"


def _runs_table(world: World, runs: dict[str, list[Day]]) -> Table:
    vectors = {piece.sku: piece for piece in world.pieces}
    rows = []
    for name, days in runs.items():
        arrived, shown = sum(day.arrived for day in days), sum(day.shown_within_an_hour for day in days)
        lists = [listed for day in days for listed in day.lists]
        first, last = ([piece.sku for piece in world.pieces[: day.in_the_shop]] for day in (days[_SPAN - 1], days[-1]))
        (gini_first, share_first), (gini_last, share_last) = (
            exposure(days[:_SPAN], first),
            exposure(days[-_SPAN:], last),
        )
        rows.append(
            [
                name,
                f"{shown / arrived:.0%}",
                f"{sum(day.clicks for day in days) / len(lists):.2f}",
                f"{np.mean([_distance([vectors[sku] for sku in listed]) for listed in lists]):.2f}",
                f"{np.mean([len({vectors[sku].type for sku in listed}) for listed in lists]):.1f}",
                f"{gini_first:.2f} -> {gini_last:.2f}",
                f"{share_first:.0%} -> {share_last:.0%}",
            ]
        )
    columns = ["policy", "new pieces shown in their first hour", "clicks a list", "distance", "types a list"]
    return Table([*columns, "Gini", "shown"], rows)


def _distance(listed: Sequence[Piece]) -> float:
    """Mean of 1 - cosine over all pairs; 0 for fewer than two."""
    if len(listed) < 2:
        return 0.0
    vectors = np.stack([piece.vector for piece in listed]).astype(np.float64)
    cosines = vectors @ vectors.T
    return float(1 - (cosines.sum() - np.trace(cosines)) / (len(listed) * (len(listed) - 1)))
