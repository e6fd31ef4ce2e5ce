"""A shop's own model as a folder: the base model's files, what was learned, and what was measured."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from loupe.learning.comparing import Comparison
from services.embedder.adaptation import ADAPTATION, Adaptation
from services.embedder.heads import Head, Heads
from services.embedder.manifest import HEADS, Manifest, file_sha256, read_manifest
from shared.contracts.analysis import AttributeName
from shared.contracts.fields import Vector
from shared.contracts.models import Probability, Sameness
from shared.errors import Permanent

MANIFEST = "manifest.json"
CARD = "card.md"
BASE = "base"
"""Under this name the manifest's `training` has the version of the model that a shop's own was made from."""
CATALOGUE = "catalogue"
"""And under this one the fingerprint of the lessons."""
_Curve = TypeVar("_Curve", Probability, Sameness)
KEPT = "base-"
"""Before the names of the base model's files that a shop's own model replaces: it is learned again from them."""


@dataclass(frozen=True)
class ModelFolder:
    """A packaged model on disk, its files checked."""

    path: Path
    manifest: Manifest


@dataclass(frozen=True)
class Base:
    """The model that a shop's own is made from. Its files are in `folder`; `kept` if that is of one made from it."""

    folder: Path
    manifest: Manifest
    kept: bool

    @classmethod
    def of(cls, used: ModelFolder) -> Base:
        """The model itself, or what its folder keeps of the one that it was made from."""
        if KEPT + MANIFEST not in used.manifest.files:
            return cls(used.path, used.manifest, kept=False)
        manifest = Manifest.model_validate_json((used.path / (KEPT + MANIFEST)).read_bytes())
        return cls(used.path, manifest, kept=True)

    def file(self, name: str) -> Path:
        return self.folder / (KEPT + name if self.kept and name == HEADS else name)

    def heads(self) -> Heads:
        return Heads.load(self.file(HEADS), self.manifest.heads)


@dataclass(frozen=True)
class Learned:
    """What is new; no map, or no head for an attribute, where the base model's is kept."""

    adaptation: Adaptation | None
    heads: Mapping[AttributeName, Head]

    @property
    def nothing(self) -> bool:
        return self.adaptation is None and not self.heads


def find(version: str, folders: Iterable[Path]) -> ModelFolder:
    """The model of this version among model folders, and folders of them.

    Raises `Permanent` that says where to put it when it is not there, or not whole.
    """
    searched = list(folders)
    for folder in searched:
        for path in (folder, *sorted(folder.glob("*/"))):
            if _version(path / MANIFEST) == version:
                return ModelFolder(path, read_manifest(path))
    raise Permanent(
        f"The folder of model {version} is not in {', '.join(map(str, searched))}. Set EMBEDDER_MODEL_DIRS as the "
        "embedder has it, with folders of this machine. Models that have no folder (cbir, timm:...) learn nothing."
    )


def _version(manifest: Path) -> str | None:
    try:
        found = json.loads(manifest.read_bytes()).get("version")
    except (OSError, ValueError, AttributeError):
        return None
    return str(found)


def thresholds(manifest: Manifest, old: Vector, new: Vector) -> dict[str, Any]:
    """What a cosine means, at the same share of strangers as before.

    `old` and `new` [N] are cosines with the nearest picture of another piece, by the model that `manifest` is of and by
    the new one: the quantiles of the one are carried to those of the other.
    """
    steps = np.linspace(0, 1, 101)
    before = [-1.0, *np.quantile(old, steps).tolist(), 1.0]
    after = [-1.0, *np.quantile(new, steps).tolist(), 1.0]
    below, at_least = np.interp([manifest.no_match_below, manifest.look_at_least], before, after).tolist()
    return {
        "no_match_below": round(below, 3),
        "look_at_least": round(min(max(at_least, 0.0), 0.999), 3),
        "same": _carried(manifest.same, before, after),
        "style": _carried(manifest.style, before, after),
    }


def _carried(told: _Curve | None, before: Sequence[float], after: Sequence[float]) -> _Curve | None:
    """The curve over the new cosines that is nearest to this one over the old, where it is not flat."""
    if told is None:
        return None
    odds = np.linspace(-4, 4, 81)
    cosines = np.interp((odds - told.offset) / told.slope, before, after)
    if np.ptp(cosines) < 1e-3:
        return told
    slope, offset = np.polyfit(cosines, odds, 1).tolist()
    return told.model_copy(update={"slope": min(max(slope, 1e-3), 100.0), "offset": min(max(offset, -100.0), 100.0)})


def pack(base: Base, learned: Learned, told: dict[str, Any], facts: dict[str, str], into: Path) -> ModelFolder:
    """The folder of the new model in `into`, under its version; one that is there is that already.

    The version ends in a hash of all that is new: analyses are stored by it, so it must never mean two models.
    """
    partial = into / f".{base.manifest.version}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for name in base.manifest.files:
        shutil.copy(base.file(name), partial / name)
    if HEADS in base.manifest.files:
        shutil.copy(base.file(HEADS), partial / (KEPT + HEADS))
    (partial / (KEPT + MANIFEST)).write_text(base.manifest.model_dump_json())
    if (card := base.folder / CARD).exists():
        shutil.copy(card, partial)
    manifest = base.manifest.model_copy(update=told)
    if learned.adaptation:
        (partial / ADAPTATION).write_bytes(learned.adaptation.packed())
        manifest.form_dimension = None  # the map mixes form and colours
    if learned.heads:
        heads = Heads({**base.heads().heads, **learned.heads})
        heads.save(partial / HEADS)
        manifest.heads = {name: head.about for name, head in heads.heads.items()}
    manifest.files = {path.name: file_sha256(path) for path in sorted(partial.iterdir()) if path.name != CARD}
    digest = hashlib.sha256(manifest.model_dump_json().encode()).hexdigest()[:8]
    manifest.version = f"{base.manifest.version[:40]}-{facts['shop'][:13]}-{digest}"
    manifest.training = {**base.manifest.training, BASE: base.manifest.version, **facts}
    (partial / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n")
    made = into / manifest.version
    if made.exists():
        shutil.rmtree(partial)
    else:
        partial.rename(made)
    return ModelFolder(made, read_manifest(made))


def write_card(made: ModelFolder, comparisons: Iterable[Comparison]) -> None:
    """What this shop's catalogue made of the base model, above the base model's card."""
    facts = made.manifest.training
    lines = [
        f"# Model card: {made.manifest.version}",
        "",
        f"Made by `loupe train` from {facts[BASE]} and {facts['pictures']} pictures of {facts['pieces']} pieces of the "
        f"shop {facts['shop']}.",
        "Measured on pieces that it did not learn from, against the model that was in use:",
        "",
        "| what | pictures | old | new | new minus old, 95% | |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {one.name} | {one.pictures} of {one.pieces} pieces | {one.old:.3f} | {one.new:.3f} "
        f"| {one.low:+.3f} to {one.high:+.3f} | {one.verdict} |"
        for one in comparisons
    ]
    card = made.path / CARD
    before = card.read_text() if card.exists() else ""
    of_base = before.partition(_BELOW)[2] if _BELOW in before else before
    card.write_text("\n".join([*lines, "", _BELOW, of_base]))


_BELOW = "The card of the model that it was made from:\n\n"
