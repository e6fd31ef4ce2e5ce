"""Pairs of earrings whose halves are two items: whether one finds the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench.search_stack import imported, listed
from lab.processes import pool
from lab.render.dataset import jpeg, one_thread, replace_file
from lab.render.earrings import Earring
from lab.render.parts import Parts, rest
from lab.render.scene import photograph
from lab.render.shots import catalogue_shot
from tests.support.stack import RunningStack

RENDERS = Path(__file__).parents[1] / "lab" / "cache" / "pairs"
SIZE, SAMPLES = 256, 12
SEED = 11
_ASIDE = 10.0
"""Degrees by which the camera stands off the front at most: shops show a lone earring from there."""


@dataclass(frozen=True)
class Halves:
    """Pictures of the left earring of pair `number` and of the right one, its mirror image, each taken anew."""

    number: int
    left: Path
    right: Path

    @property
    def skus(self) -> tuple[str, str]:
        return f"PAIR-{self.number}-LEFT", f"PAIR-{self.number}-RIGHT"


def halves(count: int, folder: Path = RENDERS) -> list[Halves]:
    """`count` pairs drawn by seed; what is rendered already is kept. A picture takes two seconds of a core or so."""
    folder.mkdir(parents=True, exist_ok=True)
    pairs = [Halves(n, folder / f"{n}-left.jpg", folder / f"{n}-right.jpg") for n in range(count)]
    with pool(None, one_thread) as workers:
        for task in [workers.submit(_render, pair) for pair in pairs if not pair.right.is_file()]:
            task.result()
    return pairs


def halves_found(stack: RunningStack, pairs: Sequence[Halves], file: Path) -> int:
    """How many halves have the other one first in `/completes`, in the stack's catalogue with all halves added."""
    shown = [(sku, path) for pair in pairs for sku, path in zip(pair.skus, (pair.left, pair.right), strict=True)]
    imported(
        stack, [{"sku": sku, "title": "Single earring", "type": "earring", "images": path} for sku, path in shown], file
    )
    found = 0
    with stack.api as api:
        for pair in pairs:
            for one, other in (pair.skus, pair.skus[::-1]):
                answer = api.get(f"/v1/items/{one}/completes", params={"limit": 1})
                answer.raise_for_status()
                found += listed(answer.json()) == [other]
    return found


def _render(pair: Halves) -> None:
    random = np.random.default_rng([SEED, pair.number])
    design = Earring.draw(random)
    pose = design.poses()[0]
    both = design.parts(pose)  # first all of the left one, then as many of the right one
    for half, path in ((both[: len(both) // 2], pair.left), (both[len(both) // 2 :], pair.right)):
        _photograph(half, pose == "standing", random, path)


def _photograph(parts: Parts, standing: bool, random: np.random.Generator, path: Path) -> None:
    shot = catalogue_shot(random, standing, 0)
    shot = replace(shot, azimuth=float(random.uniform(-_ASIDE, _ASIDE)))
    photo = photograph([rest(parts)], shot, SIZE, SAMPLES, int(random.integers(1 << 24)))
    replace_file(path, jpeg(photo.picture, shot.quality))
