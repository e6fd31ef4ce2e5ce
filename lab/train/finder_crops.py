"""When, and how, the found piece is cut out for the encoder: measured with the network that was not trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from lab.datasets import Record
from lab.evaluate import sets
from lab.evaluate.report import Figures, Section, Table, mean, write
from lab.evaluate.retrieval import search
from lab.models.port import Vectors
from lab.train.ablation import Pictures
from lab.train.fit import GEM_P
from lab.train.fusion import Fusion, choose
from lab.train.parts import Parts
from lab.train.run import SIZE
from lab.train.sources import read_all
from lab.train.validation import drawn, questions, shop_weights
from lab.vectors import vectors_of
from services.embedder.crop import with_context
from services.embedder.decode import decode
from services.embedder.find import Floats, Found, main_first
from services.embedder.finder import FINDER, Finder
from services.embedder.prepare import crop, scale
from shared.contracts.analysis import Box

REPORT = Path(__file__).parents[1] / "reports" / "crops"
DISTRACTORS, DESIGNS, STYLED, WHITENED_ON = 250, 150, 150, 1_000
WHOLE = 99.0
"""So much context that the crop is the whole picture."""
VARIANTS = {
    "box and 0.12": (0.12, 0.0),
    "box and 0.33": (0.33, 0.0),
    "box and 0.12, backdrop white": (0.12, 1.0),
    "whole, backdrop white": (WHOLE, 1.0),
}
SOFTNESS = 0.015
"""Of the crop's longer side: the radius, in which the mask is widened and its edge blurred."""
COVERS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3)
COLUMNS = (
    "what the encoder sees",
    "where the box covers at least",
    "pictures cut",
    "same piece, train shops, R@1",
    "same piece, val shops, R@1",
    "RingFIR val, R@1",
    "mAP",
    "renders in scenes, R@1",
)


@dataclass(frozen=True, slots=True)
class Cut:
    """What is done to a picture before the encoder: a change as `lab.vectors` takes it."""

    finder: Finder
    context: float
    suppression: float

    def __call__(self, picture: Image.Image, _: Record) -> Image.Image:
        found = main_first(self.finder.find(picture))[0]
        window = with_context(found.box, *picture.size, self.context)
        part = scale(crop(picture, window), SIZE)
        return part if self.suppression == 0 or found.mask is None else _faded(part, window, found.mask)


def measure_crops(folder: Path, renders: Path) -> str:
    """Measure each way to cut pieces out, by rule; write lab/reports/crops."""
    finder = Finder(folder)
    designs = {record.item_id for record in sets.single_renders()[: 2 * DESIGNS]}
    shown = Pictures(  # whose queries are of the train and val splits: no test split chooses anything
        sets.of("samepiece"),
        drawn([r for r in sets.of() if r.collection not in ("samepiece", "typeshops", "ringfir")], DISTRACTORS),
        drawn(sets.of("ringfir", split="val"), STYLED),
        [record for record in sets.single_renders() if record.item_id in designs],
    )
    found = {record.sha256: _found(finder, record) for record in shown.all}
    model = Parts(f"frozen, {SIZE} px", {}, GEM_P, SIZE)
    fusion = frozen_fusion(model, renders)
    names = [record.sha256 for record in shown.all]
    whole = dict(zip(names, fusion(vectors_of(model, shown.all)), strict=True))
    rows: list[list[str]] = []
    figures: Figures = {}
    lines: dict[tuple[str, str], tuple[int, Mapping[str, Vectors]]] = {("the whole picture", ""): (0, whole)}
    digest = finder.manifest.files[FINDER][:12]
    for name, (context, suppression) in VARIANTS.items():
        cut = [record for record in shown.all if found[record.sha256].confidence > 0]
        change = Cut(finder, context, suppression)
        vectors = fusion(vectors_of(model, cut, change, f"cut {digest} {context} {suppression}"))
        of_cut = dict(zip([record.sha256 for record in cut], vectors, strict=True))
        for covers in COVERS:
            chosen = {name: row for name, row in of_cut.items() if found[name].box.area >= covers}
            lines[name, f"{covers:g}"] = len(chosen), whole | chosen
        print(name, flush=True)
    for (way, covers_least), (count, known) in lines.items():
        texts, figures[f"{way}, {covers_least}"] = _figures(known, shown)
        rows.append([way, covers_least, str(count), *texts])
    words = f"Made and printed again by `python -m lab measure-crops`; pieces found by {folder.name}. "
    words += "No test split is asked; the gallery of the first two is all of `samepiece` and other shops' pictures."
    return write(REPORT, "Cutting pieces out", words, [Section("Rules", "", [Table(COLUMNS, rows)], figures)])


def frozen_fusion(model: Parts, renders: Path) -> Fusion:
    """As training fits it, for the network that was not trained."""
    records = read_all(renders)
    fitted_on = drawn([r for r in records if r.split == "train" and r.collection != "gems"], WHITENED_ON)
    asked = questions(records)
    looked_at = {r.sha256: r for question in asked for r in (*question.queries, *question.gallery)}
    known = vectors_of(model, list(looked_at.values()))
    train = vectors_of(model, fitted_on)
    return choose(train, shop_weights(fitted_on), dict(zip(looked_at, known, strict=True)), asked)


def _faded(part: Image.Image, window: Box, mask: Floats) -> Image.Image:
    """The window's picture with its backdrop white; `mask` is over the whole picture, as `Found` has it."""
    rows, columns = mask.shape
    within = (window.x0 * columns, window.y0 * rows, window.x1 * columns, window.y1 * rows)
    share = Image.fromarray((mask * 255).astype(np.uint8)).resize(part.size, Image.Resampling.BILINEAR, within)
    radius = max(1, round(SOFTNESS * SIZE))
    share = share.filter(ImageFilter.MaxFilter(2 * radius + 1)).filter(ImageFilter.GaussianBlur(radius))
    return Image.composite(part, Image.new("RGB", part.size, "white"), share)


def _found(finder: Finder, record: Record) -> Found:
    return main_first(finder.find(decode(record.path.read_bytes(), 2 * SIZE).rgb))[0]


def _figures(known: Mapping[str, Vectors], shown: Pictures) -> tuple[list[str], dict[str, object]]:
    def of(records: Sequence[Record]) -> Vectors:
        return np.stack([known[record.sha256] for record in records])

    texts: list[str] = []
    figures: dict[str, object] = {}
    gallery = [*shown.pieces, *shown.others]
    labels = [record.item_id if record.collection == "samepiece" else None for record in gallery]
    for part in ("train", "val"):
        asked = [record for record in shown.pieces if record.split == part]
        items = [record.item_id for record in asked]
        hits = search(of(asked), of(gallery), items, labels, _names(asked), _names(gallery)).first.astype(np.float64)
        text, figures[f"same piece, {part} shops, R@1"] = mean(hits, items)
        texts.append(text)
    styles = [record.style for record in shown.styles]
    found = search(of(shown.styles), of(shown.styles), styles, styles, _names(shown.styles), _names(shown.styles))
    for label, values in (("R@1", found.first.astype(np.float64)), ("mAP", found.average_precision)):
        text, figures[f"RingFIR, {label}"] = mean(values)
        texts.append(text)
    first, further = sets.first_against_rest(shown.designs)
    best = (of(further) @ of(first).T).argmax(axis=1)
    right = np.array([first[place].item_id == record.item_id for place, record in zip(best, further, strict=True)])
    text, figures["renders, R@1"] = mean(right.astype(np.float64))
    return [*texts, text], figures


def _names(records: Sequence[Record]) -> list[str]:
    return [record.sha256 for record in records]
