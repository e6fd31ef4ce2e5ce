"""A rendered set is the same whatever rendered it, goes on after a kill, and tells the truth about its pictures."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import drjit
import numpy as np
import psutil
import pytest
from PIL import Image

from lab.render.dataset import COLUMNS, render_frame, render_set
from lab.render.design import to_json
from lab.render.designs import from_json
from lab.render.frames import Frame, describe, evaluation, frame
from lab.render.lights import Light, Room
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
REAL_COLUMNS = [
    "path",
    "set",
    "split",
    "type",
    "class",
    "item_id",
    "metal",
    "stone",
    "view",
    "licence",
    "source_repo",
    "sha256",
    "phash",
    "dup_group",
    "mask",
    "boxes",
    "orig_split",
]
SIZE, SAMPLES = 48, 3


def few() -> list[Frame]:
    """Two near-twins, a design and a tray, each in one picture."""
    planned = evaluation(11, designs=4, families=1, members=3, trays=1, views=1)
    return [planned[0], planned[1], *planned[-2:]]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("set")
    render_set(few(), out, "few", SIZE, SAMPLES, workers=2)
    return out


@pytest.fixture
def sixteen_threads() -> Iterator[None]:
    before = drjit.thread_count()
    drjit.set_thread_count(16)
    yield
    drjit.set_thread_count(before)


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*") if path.is_file()}


def test_another_order_in_one_process_gives_the_same_bytes(rendered: Path, tmp_path: Path) -> None:
    for one in reversed(few()):
        for folder in ("pictures", "masks", "rows"):
            (tmp_path / folder).mkdir(exist_ok=True)
        render_frame(one, tmp_path, "few", SIZE, SAMPLES)
    render_set(few(), tmp_path, "few", SIZE, SAMPLES, workers=1)
    assert contents(tmp_path) == contents(rendered)


def test_the_number_of_threads_changes_no_byte(rendered: Path, tmp_path: Path, sixteen_threads: None) -> None:
    render_set(few(), tmp_path, "few", SIZE, SAMPLES, workers=1)
    assert contents(tmp_path) == contents(rendered)


def test_a_finished_set_is_named_by_its_manifest_and_renders_nothing_again(rendered: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (rendered / "pictures").iterdir()}
    name = render_set(few(), rendered, "few", SIZE, SAMPLES, workers=1)
    assert name == render_set(few(), rendered, "few", SIZE, SAMPLES, workers=1)
    assert name.startswith("few-")
    assert {path: path.stat().st_mtime_ns for path in (rendered / "pictures").iterdir()} == before


def test_a_killed_run_leaves_no_process_behind_and_goes_on_where_it_stopped(rendered: Path, tmp_path: Path) -> None:
    code = (
        "from pathlib import Path\n"
        "from lab.render.dataset import render_set\n"
        "from tests.unit.test_render_set import SAMPLES, SIZE, few\n"
        f"render_set(few(), Path({str(tmp_path)!r}), 'few', SIZE, SAMPLES, workers=2)\n"
    )
    run = psutil.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.DEVNULL)
    until(lambda: any((tmp_path / "rows").glob("*.json")) or run.poll() is not None, "a picture is finished", 60)
    workers = run.children()
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    assert len(workers) >= 2
    until(lambda: not any(worker.is_running() for worker in workers), "its workers have ended", 60)
    finished = {path: path.stat().st_mtime_ns for path in (tmp_path / "rows").glob("*.json")}
    assert finished
    render_set(few(), tmp_path, "few", SIZE, SAMPLES, workers=1)
    assert {path: path.stat().st_mtime_ns for path in finished} == finished
    assert rows(tmp_path) == rows(rendered)


def test_a_folder_never_mixes_two_sets(rendered: Path) -> None:
    with pytest.raises(SystemExit, match="another set"):
        render_set(few(), rendered, "other", SIZE, SAMPLES, workers=1)


def test_the_manifest_continues_the_columns_of_the_real_pictures(rendered: Path) -> None:
    assert list(COLUMNS[: len(REAL_COLUMNS)]) == REAL_COLUMNS
    assert [row["type"] for row in rows(rendered)][-1] == "set"
    for row, planned in zip(rows(rendered), few(), strict=True):
        assert tuple(row) == tuple(COLUMNS)
        assert row["split"] == "test"
        assert (rendered / row["path"]).is_file()
        camera: dict[str, Any] = json.loads(row["camera"])
        assert camera["focal"] > 0
        designs = [row["design"]] if row["design"] else [p["design"] for p in json.loads(row["pieces"])]
        assert [from_json(text) for text in designs] == list(planned.designs)


def test_masks_agree_with_boxes_and_every_piece_of_a_tray_has_its_own(rendered: Path) -> None:
    for row in rows(rendered):
        with Image.open(rendered / row["mask"]) as picture:
            mask = np.asarray(picture)
        boxes = json.loads(row["boxes"])
        assert set(np.unique(mask)) - {0} <= set(range(1, len(boxes) + 1))
        for number, box in enumerate(boxes, 1):
            ys, xs = np.nonzero(mask == number)
            if not len(xs):
                assert box == [0, 0, 0, 0]
                continue
            expected = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]) / SIZE
            assert box == pytest.approx(expected.tolist(), abs=1e-3)
            assert (xs.max() - xs.min()) < SIZE - 1 or len(boxes) == 1


def test_more_pictures_never_change_the_earlier_ones_and_splits_never_share_a_design() -> None:
    planned = [frame(1, number) for number in range(240)]
    assert [frame(1, number) for number in range(12)] == planned[:12]
    sides: dict[str, set[str]] = {"train": set(), "val": set()}
    for one in planned:
        sides[one.split] |= {design.item_id for design in one.designs}
    assert sides["train"]
    assert sides["val"]
    assert not sides["train"] & sides["val"]


def test_training_never_sees_a_design_of_the_evaluation_set() -> None:
    unseen = {d.item_id for f in evaluation(2, designs=60, families=4, trays=6) for d in f.designs}
    trained = {design.item_id for number in range(0, 1200, 3) for design in frame(1, number).designs}
    assert not unseen & trained


def test_what_is_told_of_a_piece_is_what_was_built() -> None:
    one = few()[-2]
    design = one.designs[0]
    told = describe(design, design.parts(design.poses()[0]))
    assert told["item_id"] == design.item_id
    assert told["type"] == json.loads(to_json(design))["type"]
    assert told["stone"] == (told["stones"][0]["kind"] if told["stones"] else "none")


def test_a_white_card_sees_all_of_an_even_sky() -> None:
    even = Room([], (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    assert even.white_card() == pytest.approx([0.5, 0.5, 0.5], rel=0.12)
    lit = Room([Light(0, 60, 60, 40, 10.0)], (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    assert lit.white_card().min() > 1.0
