"""Training the finder: its scenes, its targets, and a tiny training from pictures to a model folder."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from lab.datasets import Box, Record
from lab.models import open_model
from lab.models.finder import FinderFolder
from lab.models.port import Segmenter
from lab.train import finder_calibration, finder_package
from lab.train.finder import Plan, batch, train
from lab.train.finder_grounds import ground
from lab.train.finder_network import Maps
from lab.train.finder_scenes import composed, moved, scene
from lab.train.finder_stock import Scene, Stock, mask_on_white, stock, without_pieces
from lab.train.finder_targets import loss, targets
from lab.train.finder_things import hand, thing
from services.embedder.finder import FINDER, FINDER_MANIFEST, Finder
from services.embedder.main import load_models
from services.embedder.settings import Settings
from shared.contracts.analysis import Box as WholePicture
from shared.errors import Permanent
from tests.support.small_model import small_model

TINY = Plan(decoder=1, both=1, full=1, small=64, side=64)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    """A dozen drawn rings with their masks."""
    tmp_path = tmp_path_factory.mktemp("few")
    records = []
    for number in range(12):
        picture, mask = Image.new("RGB", (96, 96), (70, 20 * number, 90)), Image.new("L", (96, 96))
        box = (20, 20 + number, 70, 70 + number)
        ImageDraw.Draw(picture).ellipse(box, outline=(230, 200, 60), width=9)
        ImageDraw.Draw(mask).ellipse(box, outline=1, width=9)
        paths = tmp_path / f"{number}.png", tmp_path / f"{number}-mask.png"
        picture.save(paths[0])
        mask.save(paths[1])
        records.append(Record(paths[0], f"{number:064x}", split="train", mask=paths[1], boxes=(Box(0, 0, 1, 1),)))
    return stock(records)


def test_a_scene_follows_from_its_seed_alone(few: Stock) -> None:
    one, two = (scene(np.random.default_rng(4), few, 64) for _ in range(2))
    assert np.array_equal(one.rgb, two.rgb)
    assert np.array_equal(one.labels, two.labels)


@pytest.mark.parametrize("count", [0, 1, 5, 12])
def test_a_composed_scene_has_as_many_pieces_as_asked_for_or_fewer_that_show(few: Stock, count: int) -> None:
    made = composed(np.random.default_rng(count), few, 128, count)
    numbers = set(np.unique(made.labels).tolist()) - {0}
    assert numbers <= set(range(1, count + 1))
    assert len(numbers) >= count * 0.7


def test_a_picture_that_is_moved_keeps_its_truth_on_its_piece(few: Stock) -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        made = moved(random, few.scenes[0], 96)
        yellow = (made.rgb[..., 0] > 200) & (made.rgb[..., 2] < 100)
        assert (yellow & (made.labels > 0)).sum() >= 0.9 * yellow.sum() - 3


def test_grounds_differ_and_have_the_size_asked_for() -> None:
    made = [ground(np.random.default_rng(number), 48) for number in range(30)]
    assert {one.shape for one in made} == {(48, 48, 3)}
    assert len({one.tobytes() for one in made}) > 25


def test_things_and_hands_without_rings_are_no_pieces_and_rings_are() -> None:
    random = np.random.default_rng(3)
    assert {thing(random, 40).size for _ in range(20)} == {(40, 40)}
    assert all(np.asarray(thing(random, 40))[..., 3].any() for _ in range(20))
    top = [Image.new("RGBA", (10, 10), (250, 0, 250, 255))]
    counts = []
    for _ in range(20):
        made = hand(random, np.full((96, 96, 3), 40, np.uint8), top)
        assert (made.rgb != 40).any()
        counts.append(int(made.labels.max()))
    assert 0 in counts
    assert max(counts) >= 1


def test_a_window_without_pieces_shows_none() -> None:
    rgb = np.full((100, 100, 3), 200, np.uint8)
    rgb[:60, :60] = 0
    bare = without_pieces(Scene(rgb, (rgb[..., 0] == 0).astype(np.uint8)))
    assert bare is not None
    assert bare.min() == 200
    assert without_pieces(Scene(rgb, np.ones((100, 100), np.uint8))) is None


def test_the_mask_on_white_leaves_the_shadow_out() -> None:
    levels = np.full((100, 100, 3), 255, np.uint8)
    levels[60:80, 20:80] = 225
    levels[30:60, 30:70] = (180, 140, 40)
    mask = mask_on_white(levels)
    assert mask is not None
    assert mask[45, 50]
    assert not mask[70, 50]


def test_a_picture_whose_ground_is_not_white_gives_no_mask() -> None:
    levels = np.full((100, 100, 3), 120, np.uint8)
    levels[30:60, 30:70] = (180, 140, 40)
    assert mask_on_white(levels) is None


def test_saying_the_truth_costs_less_than_saying_anything_else() -> None:
    labels = np.zeros((64, 64), np.uint8)
    labels[8:40, 8:40], labels[44:60, 44:60] = 1, 2
    true = targets([labels])
    right = Maps((true.foreground - 0.5) * 20, (true.centres - 0.5) * 20, true.offsets)
    wrong_offsets = right._replace(offsets=-true.offsets)
    shifted = right._replace(foreground=right.foreground.roll(8, dims=3))
    no_centres = right._replace(centres=torch.full_like(true.centres, -10))
    for other in (wrong_offsets, shifted, no_centres):
        assert loss(right, true) < loss(other, true)


def test_offsets_lead_from_each_cell_to_the_centre_of_its_box() -> None:
    labels = np.zeros((64, 64), np.uint8)
    labels[16:48, 8:24] = 1
    offsets = targets([labels]).offsets[0].numpy()
    assert np.allclose(offsets[:, 4, 2], [16 / 64 - 2.5 / 16, 32 / 64 - 4.5 / 16])


def test_a_training_that_was_cut_off_goes_on_where_it_was(few: Stock, tmp_path: Path) -> None:
    whole = train(few, TINY, tmp_path / "whole.pt")
    train(few, Plan(1, 0, 0, 64, 64), tmp_path / "cut.pt")
    saved = torch.load(tmp_path / "cut.pt", weights_only=True)
    assert saved["steps"] == 1
    again = train(few, TINY, tmp_path / "whole.pt")
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), again.parameters(), strict=True))


@pytest.fixture(scope="module")
def trained(few: Stock, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder after some seconds of training."""
    made = tmp_path_factory.mktemp("trained") / "finder-tiny"
    plan = Plan(decoder=0, both=60, full=0, small=64, side=64)
    network = train(few, plan, made.with_suffix(".pt"))
    with torch.no_grad():
        # So short a training tells more from less, but says nothing loud enough to be found.
        network.centres.bias.add_(3)  # type: ignore[union-attr]  # it has a bias
        network.foreground[0].bias.add_(0.2)  # type: ignore[operator]  # it has a bias
    finder_package.export(network, made, few.sha256(), side=64)
    return made


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / trained.name))


def test_seconds_of_training_tell_pieces_from_the_ground(trained: Path, few: Stock) -> None:
    pictures, truth = batch(few, 1000, 64)
    inside, outside = [], []
    for picture, true in zip(pictures, truth.foreground.numpy() > 0, strict=True):
        foreground, _, _ = Finder(trained).maps(picture[None].numpy())
        inside.append(foreground[0][true])
        outside.append(foreground[0][~true])
    assert np.concatenate(inside).mean() > np.concatenate(outside).mean() + 0.1


def test_onnx_and_torch_say_the_same(folder: Path, few: Stock) -> None:
    pictures, _ = batch(few, 0, 64)
    with torch.inference_mode():
        theirs = finder_package.load(folder)(pictures[:1])
    ours = Finder(folder).maps(pictures[:1].numpy())
    for one, two in zip(ours, theirs, strict=True):
        assert np.abs(one - two.numpy()).max() < 0.02 * max(1.0, float(two.abs().max()))


def test_what_is_found_has_boxes_in_fractions_surest_first_and_at_most_twelve(folder: Path, few: Stock) -> None:
    told = finder_calibration.calibrate(folder, few, scenes=60)
    assert "ECE" in told
    sure = Finder(folder)
    eager = sure.manifest.model_copy(update={"min_confidence": 0.0})
    (folder / FINDER_MANIFEST).write_text(eager.model_dump_json())
    for number in range(6):
        shown = scene(np.random.default_rng(number), few, 96)
        found = Finder(folder).find(Image.fromarray(shown.rgb[:70]))
        assert len(found) <= 12
        assert [one.confidence for one in found] == sorted((one.confidence for one in found), reverse=True)
        for one in found:
            assert one.box.area > 0
            assert one.mask is not None
            assert one.mask.shape == (47, 64)


def test_a_changed_file_of_the_folder_is_refused(folder: Path) -> None:
    (folder / FINDER).write_bytes(b"another")
    with pytest.raises(Permanent, match=r"finder\.onnx is missing or not the one"):
        Finder(folder)


def test_a_model_folder_with_a_finder_finds_pieces_and_one_without_takes_the_picture(
    folder: Path, few: Stock, tmp_path: Path
) -> None:
    eager = Finder(folder).manifest.model_copy(update={"min_confidence": 0.0})
    (folder / FINDER_MANIFEST).write_text(eager.model_dump_json())
    model = small_model(tmp_path / "model")
    buffer = io.BytesIO()
    Image.fromarray(few.scenes[0].rgb).resize((256, 256)).save(buffer, "PNG")

    def boxes() -> list[object]:
        (analyse,) = load_models(
            Settings(model_dirs=[model], broker_url="memory://", object_store_url="file:///nowhere")
        )
        try:
            return [piece.box for piece in analyse(buffer.getvalue(), "query").pieces]
        finally:
            analyse.close()

    assert boxes() == [WholePicture()]
    finder_package.put_into(model, folder)
    found = boxes()
    assert found
    assert WholePicture() not in found


def test_a_finder_in_a_model_folder_is_checked_as_all_of_its_files(folder: Path, tmp_path: Path) -> None:
    model = small_model(tmp_path / "model")
    finder_package.put_into(model, folder)
    (model / FINDER_MANIFEST).write_text("{}")
    with pytest.raises(Permanent, match=r"finder\.json is not the one its manifest names"):
        load_models(Settings(model_dirs=[model], broker_url="memory://", object_store_url="file:///nowhere"))


def test_a_finder_is_a_model_that_gives_masks_of_the_pictures_size(folder: Path) -> None:
    model = open_model(str(folder))
    assert isinstance(model, FinderFolder)
    assert isinstance(model, Segmenter)
    for mask in model.masks(Image.new("RGB", (80, 50), "white")):
        assert mask.shape == (50, 80)


def test_only_clean_pictures_train_the_open_finder() -> None:
    records = [
        Record(Path("r"), "0", "training", "train", "ring", licence="own render", mask=Path("m")),
        Record(Path("f"), "1", "ringfir", "train", "earring", licence="MIT"),
        Record(Path("h"), "2", "hands", "train", "ring", licence="none stated"),
        Record(Path("s"), "3", "samepiece", "train", "ring", licence="none stated"),
        Record(Path("t"), "4", "ringfir", "test", "earring", licence="MIT"),
    ]
    assert all(record.clean for record in finder_package.training_records(records, "train", wide=False))
    assert len(finder_package.training_records(records, "train", wide=False)) == 2
    assert len(finder_package.training_records(records, "train", wide=True)) == 4
