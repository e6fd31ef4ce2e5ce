"""Measures styles and stock-takes on renders, and writes lab/reports/inventory/styles.md and stocktakes.md."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np

from lab.datasets import Record
from lab.evaluate import sets
from lab.inventory.laid import laid_trays
from lab.inventory.stocktakes import Case, Score, Setting, analysed, case, fitted, score, total
from lab.inventory.styles import Figures, examples, measured, shop_of
from lab.inventory.trays import TEST, TEST_SEED, Tray, made
from lab.models import open_model
from lab.vectors import seen_of, vectors_of
from services.embedder.analyse import Analyser
from services.embedder.batcher import Batcher
from services.embedder.finder import Finder
from services.embedder.heads import Heads
from services.embedder.manifest import HEADS, SHIPPED, model_of, read_manifest
from services.embedder.onnx_encoder import OnnxEncoder
from services.inventory.looks import Pieces, View
from services.inventory.stocktake import sureness
from services.inventory.styles.seen import made_of, similarity
from shared.contracts.models import Model

OUT = Path("lab/reports/inventory")
CACHE = Path("lab/cache")
FITTING_SEED, MEASURING_SEED = 41, 42
FITTING, MEASURING = 8, 12
DRAWS = 3
"""Times that by chance some pieces of a photo lie astray and some others are expected."""
_STYLES = (
    *("shop", "pieces", "styles", "in a style", "between two", "ARI, near-twins", "ARI, designs", "families whole"),
    *("stable", "ids kept"),
)
_TRAYS = (
    *("trays", "photos", "pieces", "found", "told right", "told wrong", "unsure", "missing told"),
    *("told missing, though there", "nothing wrong told", "every piece right"),
)
_ABOUT_STYLES = """*ARI*: adjusted Rand index, 1 is all right, 0 is by chance. *Near-twins*: against 40 families whose
designs differ in one thing, over their members. *Designs*: against type and kind of design, over pieces in a style.
*Stable*: of the pieces that stayed while a tenth of the others changed, those that kept their style; a mean of ten
nights. *Ids kept*: of the styles of a night, those of the next under the same id. The settings in
`services/inventory/styles/grouping.py` were chosen on the evaluation renders: its row is what was sought, the sample
shop's is not; nearly each of its pieces is of a design of its own."""
_ABOUT_TRAYS = """Printed by `make stock-trays`. Trays of 12 to 30 pieces. *Laid*: pieces cut from the second picture of
each design of the evaluation renders, on a drawn ground; the shop, of 500 pieces, has the first picture alone: another
pose, light and ground. *Rendered*: pieces of the sample shop, which has three pictures of each, lying on a tray in one
light; `--render` makes them. On each photo, three times over, by chance up to two pieces lie astray and up to three
others are expected."""
_ABOUT_ROWS = """*Told right*: present or astray, and the right item, without asking. *Unsure*: a closer photo is asked
for. A piece that the finder does not see at all is told to be missing: whoever confirms looks for what is missing. The
target is every piece right on 95% of the trays: the last column misses it, since the thresholds were fitted for no
wrong piece told, and a piece of which nobody is sure counts as not right there."""
_WORDS = {
    "apart": "laid, no near-twins in the tray",
    "twins": "laid, near-twins among them",
    "rendered": "rendered, sample shop",
}


def report_styles() -> str:
    """Styles of the evaluation renders and of the sample shop."""
    manifest = read_manifest(SHIPPED)
    heads, model = Heads.load(SHIPPED / HEADS, manifest.heads), model_of(manifest)
    opened = open_model(str(SHIPPED))
    rows, told = [], []
    none: dict[str, list[str]] = {}
    shops = (("evaluation renders", sets.single_renders(), none), ("sample shop", sets.sample_catalogue(), _tags()))
    for name, records, tags in shops:
        seen = shop_of(records, seen_of(opened, records), manifest.dimension, heads, tags)
        truth = {record.item_id: record for record in records}
        rows.append(_style_row(name, measured(seen, truth, model), any(record.family for record in records)))
        largest = examples(seen, made_of(seen, {}, similarity(model)))
        told.append(f"The largest of the {name}: " + "; ".join(f"{style} ({count})" for style, count in largest) + ".")
    text = "\n".join(
        [
            "# Styles",
            "",
            "Printed by `make evaluate-styles`. Each piece is the middle of its pictures by the shipped model, "
            f"{manifest.version}; of what it is counts what its heads tell, in names also the shop's tags.",
            "",
            *_heading(_STYLES),
            *rows,
            "",
            _ABOUT_STYLES,
            "",
            *told,
            "",
        ]
    )
    return _write("styles.md", text)


def render_trays() -> None:
    """Those that are missing."""
    for tray in made(CACHE / "trays", TEST_SEED, TEST):
        print(f"{tray.picture.name}: {len(tray.boxes)} pieces")


def report_stocktakes() -> str:
    """Stock-takes of trays laid out of renders, and of rendered ones as far as they are there."""
    manifest = read_manifest(SHIPPED)
    model = model_of(manifest)
    opened = open_model(str(SHIPPED))
    batcher = Batcher(OnnxEncoder(SHIPPED, manifest, threads=1).forward, 8, lambda *_: None)
    analyse = Analyser(
        batcher, Heads.load(SHIPPED / HEADS, manifest.heads), model, manifest.input_size, Finder(SHIPPED).find
    )
    gallery, further = sets.first_against_rest(sets.single_renders())
    shop = _shop(gallery, vectors_of(opened, gallery))
    fitting = [
        one
        for twins in (False, True)
        for one in _cases(analyse, _laid(FITTING_SEED, FITTING, further, twins), shop, FITTING_SEED)
    ]
    if model.same is None:
        raise SystemExit(f"Nobody has measured what the cosines of {model.version} mean: `python -m lab train-heads`.")
    found = fitted(fitting, model.same)
    used = Setting(sureness.SHARPER, sureness.EASIER, sureness.ASTRAY, sureness.PRESENT)
    results = {
        name: _cases(analyse, _laid(MEASURING_SEED, MEASURING, further, name == "twins"), shop, MEASURING_SEED)
        for name in ("apart", "twins")
    }
    if rendered := list(made(CACHE / "trays", TEST_SEED, TEST, only_made=True)):
        sample = sets.sample_catalogue()
        results["rendered"] = _cases(analyse, rendered, _shop(sample, vectors_of(opened, sample)), TEST_SEED)
    batcher.close()
    lines = [_tray_row(_WORDS[name], cases, used, model) for name, cases in results.items()]
    text = "\n".join(
        [
            "# Stock-takes by photo",
            "",
            _ABOUT_TRAYS,
            "",
            *_heading(_TRAYS),
            *lines,
            "",
            _ABOUT_ROWS,
            "",
            f"Fitted on {2 * FITTING} other laid trays, for most right with none wrong: {found}. In use: {used}.",
            "",
        ]
    )
    return _write("stocktakes.md", text)


def _tags() -> dict[str, list[str]]:
    """Of the sample shop, by SKU."""
    with (sets.SAMPLE / "catalogue.csv").open(newline="", encoding="utf-8") as file:
        return {row["sku"]: row["tags"].split("|") for row in csv.DictReader(file)}


def _heading(columns: Sequence[str]) -> list[str]:
    return [f"| {' | '.join(columns)} |", "|" + " --- |" * len(columns)]


def _laid(seed: int, count: int, shown: Sequence[Record], twins: bool) -> list[Tray]:
    return laid_trays(CACHE / "laid-trays", seed, count, shown, twins)


def _shop(records: Sequence[Record], vectors: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Pieces:
    return Pieces([View(one.item_id, one.path.stem, row, {}) for one, row in zip(records, vectors, strict=True)])


def _cases(analyse: Analyser, trays: Sequence[Tray], shop: Pieces, seed: int) -> list[Case]:
    seen = analysed(analyse, trays, CACHE / "tray-analyses")
    return [
        case(tray, analysis, shop, [seed, number, draw])
        for number, (tray, analysis) in enumerate(zip(trays, seen, strict=True))
        for draw in range(DRAWS)
    ]


def _tray_row(name: str, cases: Sequence[Case], used: Setting, model: Model) -> str:
    scores: list[Score] = [score(one, used.of(model.same)) for one in cases] if model.same else []
    count = {field.name: total(scores, field.name) for field in fields(Score)}
    right = f"{count['right']} ({count['right'] / max(1, count['shown']):.0%})"
    clean = sum(one.nothing_wrong for one in scores)
    missing = f"{count['missing_told']} of {count['missing']}"
    told = (len(cases), count["shown"], count["found"], right, count["wrong"], count["unsure"], missing)
    whole = sum(one.every_piece_right for one in scores)
    return _row(name, *told, count["missed"], f"{clean} of {len(scores)}", f"{whole} of {len(scores)}")


def _style_row(name: str, one: Figures, families: bool) -> str:
    twins = f"{one.families:.2f}" if families else ""
    whole = f"{one.together:.0%}" if families else ""
    shares = (f"{one.in_style:.0%}", f"{one.between:.0%}", twins, f"{one.designs:.2f}", whole)
    return _row(name, one.pieces, one.styles, *shares, f"{one.stable:.0%}", f"{one.ids_kept:.0%}")


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _write(name: str, text: str) -> str:
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / name).write_text(text)
    return text
