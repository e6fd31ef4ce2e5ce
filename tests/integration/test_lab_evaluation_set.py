"""The suites on a small evaluation set of drawn pieces, in the columns that our renders have."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lab.evaluate import sets
from lab.evaluate.cli import run_suites

COLUMNS = ["path", "set", "split", "type", "item_id", "licence", "mask", "boxes", "family", "differs"]
HUES = {"gold": (210, 160, 30), "silver": (110, 110, 120), "rose": (220, 120, 110), "black": (20, 20, 20)}


def piece(folder: Path, name: str, places: list[tuple[int, int]], colour: str) -> dict[str, str]:
    """Bars at `places` on light ground, their mask in piece numbers, and the row."""
    levels = np.full((96, 96, 3), 235, np.uint8)
    numbers = np.zeros((96, 96), np.uint8)
    for number, (x, y) in enumerate(places, 1):
        levels[y : y + 20, x : x + 24] = HUES[colour]
        numbers[y : y + 20, x : x + 24] = number
    Image.fromarray(levels).save(folder / f"{name}.png")
    mask = Image.fromarray(numbers, "P")
    mask.putpalette([90, 20, 200] * 8)
    mask.save(folder / f"{name}-mask.png")
    boxes = [[x / 96, y / 96, (x + 24) / 96, (y + 20) / 96] for x, y in places]
    return {"path": f"{name}.png", "mask": f"{name}-mask.png", "boxes": json.dumps(boxes), "licence": "own render"}


@pytest.fixture
def evaluation_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One family of three that differ in metal, one piece of its own, and two trays; two views of each piece."""
    folder = tmp_path / "evaluation"
    folder.mkdir()
    rows = []
    for item, colour in enumerate(HUES):
        for view in range(2):
            row = piece(folder, f"{item}-{view}", [(20 + 25 * view, 30 + 10 * view)], colour)
            twin = {"family": "f1", "differs": "metal"} if item < 3 else {}
            rows.append({**row, "type": "ring", "item_id": f"ring-{item}", "split": "test", **twin})
    for tray, places in enumerate([[(5, 5), (50, 50)], [(5, 5), (50, 5), (5, 50)]]):
        rows.append({**piece(folder, f"tray-{tray}", places, "gold"), "type": "set", "item_id": f"tray-{tray}"})
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    monkeypatch.setattr("lab.vectors.CACHE", tmp_path / "cache")
    monkeypatch.setattr("lab.evaluate.sets.EVALUATION", folder)
    sets.evaluation.cache_clear()
    yield
    sets.evaluation.cache_clear()


@pytest.mark.long
@pytest.mark.usefixtures("evaluation_set")
def test_every_suite_on_renders_measures_an_evaluation_set(tmp_path: Path) -> None:
    run_suites(["renders", "twins", "trays", "robustness"], ["cbir"], tmp_path / "out", "a test", "Drawn pieces")
    figures = json.loads((tmp_path / "out" / "report.json").read_text())
    other_photo = figures["Same piece, renders"]["cbir"]["evaluation set, other photo"]
    assert (other_photo["R@1"]["n"], other_photo["R@1"]["value"]) == (4, 1.0)
    twins = figures["Near-twins"]["cbir"]
    assert (twins["among its family"]["n"], twins["among its family"]["value"]) == (3, 1.0)
    assert twins["by difference"]["metal"]["n"] == 3
    trays = figures["Finding the pieces"]["cbir"]["trays"]
    assert (trays["count_exact"]["value"], trays["count_error"]) == (1.0, 0.0)
    assert trays["iou"] > 0.8
    assert trays["ap50"] == 1.0
    drops = figures["Robustness"]["cbir"]
    assert len(drops["background"]) == 4
    assert drops["jpeg"][0] == 1.0
