"""The evaluation as it is run: suites and a stranger's pictures, from the command to the report."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from lab.__main__ import app
from lab.datasets import JEWELRY, Record, leaks, read_jewelry
from lab.datasets.rows import picture_sha256
from lab.evaluate import sets
from lab.evaluate.cli import measure_suite
from lab.evaluate.report import Section, Table, write
from lab.evaluate.sheets import REPOSITORY, folder_for, write_sheet
from lab.evaluate.suites.recognising import OWN_SHOPS, arrangements
from lab.models import open_model
from lab.models.classes import kind
from services.embedder.decode import decode
from services.embedder.main import load_models
from services.embedder.manifest import MODELS, SHIPPED
from services.embedder.settings import Settings

WIDE = MODELS / "loupe-wide-3"
here = pytest.mark.skipif(not JEWELRY.is_dir(), reason="../shared/data is not here")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("lab.vectors.CACHE", tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def strangers_pictures(tmp_path: Path) -> Path:
    """Two views of each of twelve pieces, with a CSV of path, item_id and type."""
    folder = tmp_path / "mine"
    folder.mkdir()
    lines = ["path,item_id,type"]
    pieces = sorted({record.item_id for record in sets.sample_catalogue() if kind(record)})[::3][:12]
    for record in sets.sample_catalogue():
        if record.item_id in pieces and not record.path.stem.endswith("-3"):
            shutil.copy(record.path, folder)
            lines.append(f"{record.path.name},{record.item_id},{record.type}")
    (folder / "mine.csv").write_text("\n".join(lines) + "\n")
    return folder / "mine.csv"


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["evaluate", *map(str, arguments)])
    return result.exit_code, result.output + (str(result.exception) if result.exception else "")


def test_a_strangers_pictures_are_measured_and_reported(strangers_pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "report"
    code, output = run("--gallery", strangers_pictures, "--out", out)
    assert code == 0, output
    assert (out / "report.md").read_text() in output
    figures = json.loads((out / "report.json").read_text())
    same_item = figures["Search"]["same item"]["R@1"]
    assert 0 <= same_item["low"] <= same_item["value"] <= same_item["high"] <= 1
    assert same_item["n"] == 24
    assert figures["Type"][SHIPPED.name]["accuracy"]["n"] == 24
    assert {path.name for path in out.glob("*.png")} == {"type-confusion.png", "type-calibration.png"}


def test_hand_made_features_are_measured_with_distractors_and_a_folder_a_class(tmp_path: Path) -> None:
    for record in sets.sample_catalogue()[:45:3]:
        (tmp_path / "shop" / record.type).mkdir(parents=True, exist_ok=True)
        shutil.copy(record.path, tmp_path / "shop" / record.type)
    (tmp_path / "noise" / "x").mkdir(parents=True)
    Image.effect_noise((64, 64), 60).convert("RGB").save(tmp_path / "noise" / "x" / "a.png")
    code, output = run(
        *("--model", "cbir", "--gallery", tmp_path / "shop", "--distractors", tmp_path / "noise"),
        *("--out", tmp_path / "out"),
    )
    assert code == 0, output
    assert "same style" in output
    assert "gallery of 16 pictures" in output


def test_a_model_without_a_head_is_fitted_to_some_pieces_and_tested_on_the_others(
    strangers_pictures: Path, tmp_path: Path
) -> None:
    code, output = run("--model", "cbir", "--gallery", strangers_pictures, "--out", tmp_path / "report")
    assert code == 0, output
    figures = json.loads((tmp_path / "report" / "report.json").read_text())
    assert 0 < figures["Type"]["cbir"]["accuracy"]["n"] < 24
    assert "tested on the others" in output


def test_a_bad_row_is_told_by_its_line_and_nothing_is_measured(strangers_pictures: Path, tmp_path: Path) -> None:
    with strangers_pictures.open("a") as file:
        file.write("gone.jpg,X,tiara\n")
    code, output = run("--gallery", strangers_pictures, "--out", tmp_path / "report")
    assert code != 0
    assert "line 26: " in output
    assert "gone.jpg" in output
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "either which --suite, or which --gallery"),
        (("--suite", "nothing"), "there are floor, targets, ringfir"),
        (("--suite", "renders", "--model", "nothing"), "There is no model 'nothing'"),
    ],
)
def test_what_cannot_be_run_says_so(arguments: tuple[str, ...], words: str) -> None:
    code, output = run(*arguments)
    assert code != 0
    assert words in " ".join(output.replace("│", " ").split())


def test_the_cost_suite_measures_in_a_process_of_its_own(tmp_path: Path) -> None:
    measure_suite("cost", ["cbir"], tmp_path)
    figures = json.loads((tmp_path / "report.json").read_text())["Cost"]["cbir"]
    assert figures["rate"] > 0
    assert figures["memory_mb"] > 20


def test_heads_are_measured_by_what_they_say_and_how_sure_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = sets.single_renders()[:24]
    monkeypatch.setattr(sets, "of", lambda *_, **__: [])
    monkeypatch.setattr(sets, "single_renders", lambda: some)
    text = measure_suite("heads", [str(SHIPPED)], tmp_path)
    told = json.loads((tmp_path / "report.json").read_text())["Heads"][SHIPPED.name]
    assert 0 <= told["type"]["ece"] <= 1
    assert f"| {SHIPPED.name} | type | renders |" in text


def test_a_packaged_models_vector_is_that_of_the_main_piece_it_finds() -> None:
    (analyse,) = load_models(Settings(broker_url="", object_store_url="", model_dirs=[WIDE], threads=1))
    model = open_model(str(WIDE))
    for record in sets.query_photos()[:4]:
        data = record.path.read_bytes()
        seen = analyse(data, "query").pieces[0].embedding()
        assert float(seen @ model.embed(decode(data, model.size).rgb)[: len(seen)]) > 0.99
    analyse.close()


def test_a_report_is_markdown_with_its_plots_and_json_without_nan(tmp_path: Path) -> None:
    section = Section("One", "Words.", [Table(("a", "b"), [["1", "2"]])], {"x": float("nan"), "y": 0.123456}, ["p.png"])
    text = write(tmp_path, "Title", "Intro.", [section])
    assert text == "# Title\n\nIntro.\n\n## One\n\nWords.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n![One](p.png)\n"
    assert json.loads((tmp_path / "report.json").read_text()) == {"One": {"x": None, "y": 0.1235}}


def test_a_foreign_picture_is_never_drawn_into_the_repository(cache: Path, tmp_path: Path) -> None:
    path = tmp_path / "foreign.png"
    Image.new("RGB", (30, 30), "red").save(path)
    foreign, ours = Record(path, picture_sha256(path)[0]), sets.sample_catalogue()[0]
    committed = REPOSITORY / "lab" / "reports" / "floor"
    sheet = write_sheet(committed, "worst", [("words", [ours, foreign])])
    assert sheet == cache / "sheets" / "floor" / "worst.jpg"
    assert folder_for(committed, [ours]) == committed
    assert folder_for(tmp_path / "out", [foreign]) == tmp_path / "out"


@pytest.mark.real_pictures
@here
def test_the_real_pictures_leak_only_where_their_publishers_let_them() -> None:
    leaking = [record for group in leaks(read_jewelry()).values() for record in group]
    assert {record.collection for record in leaking} == {"ringfir", "gems"}
    assert len(leaks(read_jewelry())) == 5


@pytest.mark.real_pictures
@here
def test_a_shop_that_is_left_out_is_in_no_training_picture() -> None:
    for arrangement in arrangements():
        train = [r for r in read_jewelry() if r.split == "train" and r.collection not in arrangement.left_out]
        shops = {record.shop for record in train if kind(record)}
        unseen = arrangement.left_out or arrangement.title == "the ten test shops of typeshops"
        assert bool({record.shop for record in arrangement.test} & shops) != bool(unseen)
    assert len({record.style for record in arrangements()[1].test}) == 10
    assert {record.collection for record in arrangements()[0].test} == set(OWN_SHOPS)


@pytest.mark.real_pictures
@here
def test_the_gallery_of_the_same_piece_has_all_pictures_but_those_of_typeshops() -> None:
    assert sum(record.collection != "typeshops" for record in sets.of()) == 10_603
    assert len({record.item_id for record in sets.of("samepiece")}) == 155
    assert len(sets.of("samepiece", split="test")) == 130
