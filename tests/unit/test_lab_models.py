"""Models by name: hand-made features, the textbook network, and networks of other makers."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from lab.datasets import Record
from lab.datasets.rows import picture_sha256
from lab.models import open_model
from lab.models.cbir import Cbir
from lab.models.linear import fit_linear
from lab.models.port import Model, Segmenter, Trainable, Vectors
from lab.models.textbook import Network, Textbook, trained
from lab.models.towers import Tower, without_classifier
from lab.vectors import vectors_of
from services.embedder.cbir.colour import hsv_histogram, lab_histogram
from services.embedder.cbir.shape import hu_moments, pieces
from services.embedder.cbir.texture import gabor_energy
from services.embedder.cbir.vector import DIMENSION, describe
from shared.errors import Permanent


def scene(number: int = 0, colour: tuple[int, int, int] = (200, 160, 40)) -> Image.Image:
    """A coloured bar on noisy white, at a place that `number` draws."""
    random = np.random.default_rng(number)
    levels = random.integers(235, 250, (128, 128, 3)).astype(np.uint8)
    x, y = random.integers(20, 70, 2)
    levels[y : y + 20, x : x + 40] = colour
    return Image.fromarray(levels)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.vectors.CACHE", tmp_path / "cache")


@pytest.fixture
def labelled(tmp_path: Path) -> list[Record]:
    """Thirty red rings and thirty blue watches."""
    records = []
    for number in range(60):
        name, colour = ("ring", (200, 30, 30)) if number % 2 else ("watch", (30, 30, 200))
        path = tmp_path / f"{number}.png"
        scene(number, colour).save(path)
        records.append(Record(path, picture_sha256(path)[0], type=name, shop="one", split="train"))
    return records


def test_the_hand_made_vector_has_unit_length_and_is_the_same_every_time() -> None:
    vector = describe(scene())
    assert vector.shape == (DIMENSION,)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert (vector == describe(scene())).all()


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_picture_has_a_finite_vector(level: int) -> None:
    assert np.isfinite(describe(Image.new("RGB", (128, 128), (level,) * 3))).all()


def test_histograms_put_a_plain_colour_into_one_cell() -> None:
    red = np.full((4, 4, 3), (255, 0, 0), np.uint8)
    for histogram in (lab_histogram(red), hsv_histogram(red)):
        assert sorted(histogram.tolist())[-2:] == [0.0, 1.0]


def test_gabor_answers_to_the_stripes_own_frequency_and_direction() -> None:
    column = np.arange(128)
    stripes = np.broadcast_to(127 + 100 * np.sin(2 * np.pi * 0.2 * column), (128, 128)).astype(np.uint8)
    assert gabor_energy(stripes)[:24].argmax() == 2 * 6  # the third frequency, 0.2; the first direction, 0
    assert gabor_energy(stripes.T)[:24].argmax() == 2 * 6 + 3  # 90 degrees


def test_hu_moments_do_not_see_turns_shifts_and_scales() -> None:
    mask = np.zeros((120, 120), np.bool_)
    mask[20:80, 30:50] = mask[60:80, 30:90] = True
    larger = np.kron(mask, np.ones((2, 2), np.bool_))
    for other in (mask.T[::-1], np.roll(mask, 15, axis=1), larger):
        assert hu_moments(other) == pytest.approx(hu_moments(mask), abs=0.02)
    assert hu_moments(np.zeros((8, 8), np.bool_)).tolist() == [0] * 7


def test_pieces_on_plain_ground_are_found_one_by_one() -> None:
    levels = np.full((100, 100, 3), 240, np.uint8)
    levels[10:30, 10:30] = (180, 140, 20)
    levels[60:90, 50:90] = (20, 20, 160)
    masks = pieces(levels)
    assert len(masks) == 2
    assert masks[0][75, 70]
    assert masks[1][20, 20]
    assert pieces(np.full((50, 50, 3), 200, np.uint8)) == []


def test_a_recogniser_on_hand_made_features_tells_two_kinds_apart(labelled: list[Record]) -> None:
    model = Cbir()
    assert isinstance(model, Model)
    assert isinstance(model, Trainable)
    assert isinstance(model, Segmenter)
    recogniser = model.recogniser(labelled[:40] * 20, labelled[:40], ("earring", "ring", "watch"))
    said = recogniser.probabilities(labelled[40:])
    assert said.sum(axis=1) == pytest.approx(np.ones(20))
    right = [recogniser.classes[place] == r.type for place, r in zip(said.argmax(axis=1), labelled[40:], strict=True)]
    assert sum(right) >= 18
    assert said[:, 0].max() < 1e-6  # no earring was in training


class Counting:
    """Colour means as vectors; counts what it is asked for."""

    name, fingerprint, size, megabytes = "counting", "1", 16, 0.0
    distance: Literal["cosine", "euclidean"] = "cosine"
    workers: Literal["threads", "processes"] = "threads"

    def __init__(self) -> None:
        self.asked = 0

    def embed(self, picture: Image.Image) -> Vectors:
        self.asked += 1
        return np.asarray(np.asarray(picture).mean(axis=(0, 1)), np.float32)


def test_vectors_are_computed_once_and_found_again(labelled: list[Record]) -> None:
    model = Counting()
    first = vectors_of(model, labelled[:10])
    again = vectors_of(model, labelled[5:15])
    assert model.asked == 15
    assert (first[5:] == again[:5]).all()
    assert np.linalg.norm(first, axis=1) == pytest.approx(np.ones(10), abs=1e-5)


def test_a_cut_off_run_goes_on_and_a_torn_shard_is_not_read(labelled: list[Record], tmp_path: Path) -> None:
    model = Counting()
    vectors_of(model, labelled[:10])
    folder = next((tmp_path / "cache" / "vectors").iterdir())
    (folder / "torn.part").write_bytes(b"half of a shard")
    vectors_of(model, labelled[:12])
    assert model.asked == 12


def test_a_changed_picture_or_model_is_not_answered_from_the_cache(labelled: list[Record]) -> None:
    model = Counting()
    plain = vectors_of(model, labelled[:3])

    def darker(picture: Image.Image, _record: Record) -> Image.Image:
        return picture.point([level // 4 if channel == 0 else level for channel in range(3) for level in range(256)])

    assert (vectors_of(model, labelled[:3], change=darker, change_name="darker") != plain).any()
    model.fingerprint = "2"
    vectors_of(model, labelled[:3])
    assert model.asked == 9


@pytest.mark.long
def test_the_textbook_network_learns_and_an_interrupted_training_goes_on(
    labelled: list[Record], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train = labelled[:40] * 6
    model = Textbook(train, ("ring", "watch"))
    recogniser = model.recogniser(train, labelled[:40], ("ring", "watch"))
    said = recogniser.probabilities(labelled[40:]).argmax(axis=1)
    assert [recogniser.classes[place] for place in said] == [record.type for record in labelled[40:]]
    checkpoint = next((tmp_path / "cache/textbook").glob("*.pt"))
    state = torch.load(checkpoint, weights_only=True)
    torch.save(state | {"epochs": 8}, checkpoint)
    capsys.readouterr()
    trained(train, ("ring", "watch"), checkpoint)
    assert [line.split(",")[0] for line in capsys.readouterr().out.splitlines()] == [
        "textbook: epoch 9 of 10",
        "textbook: epoch 10 of 10",
    ]


def test_the_textbook_network_is_that_of_the_textbooks() -> None:
    channels = [layer.out_channels for layer in Network(5).modules() if isinstance(layer, nn.Conv2d)]
    assert channels == [32, 64, 128]
    assert sum(isinstance(layer, nn.MaxPool2d) for layer in Network(5).modules()) == 3


class Tiny(nn.Module):
    """A network of random weights with a map of features as its output."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 8, 5, stride=4), nn.ReLU())

    def forward(self, pictures: Tensor) -> Tensor:
        features: Tensor = self.layers(pictures)
        return features


def test_a_network_saved_by_anybody_is_loaded_by_name_and_embeds(labelled: list[Record], tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = Tiny().eval()
    path = tmp_path / "tiny.pt2"
    torch.export.save(torch.export.export(network, (torch.zeros(1, 3, 32, 32),)), path)
    model = open_model(f"file:{path}")
    assert (model.size, model.megabytes > 0) == (32, True)
    picture = Image.new("RGB", (32, 32), (124, 116, 104))  # ImageNet's mean, so that the network sees about 0
    expected = network(torch.zeros(1, 3, 32, 32)).mean(dim=(2, 3))[0].detach().numpy()
    assert model.embed(picture) == pytest.approx(expected, abs=0.02)
    recogniser = fit_linear(model, labelled[:40], labelled[:40], ("ring", "watch"))
    assert recogniser.probabilities(labelled[40:]).shape == (20, 2)


def test_the_torch_path_of_the_shipped_network_gives_its_vector() -> None:
    shipped, tower = open_model("frozen"), open_model("efficientnet-lite2")
    assert isinstance(tower, Tower)
    one, two = shipped.embed(scene()), tower.embed(scene())
    assert float(one @ two / np.linalg.norm(two)) > 0.999


def test_unscaled_vectors_point_the_same_way_and_have_a_length() -> None:
    shipped, unscaled = open_model("frozen").embed(scene()), open_model("frozen-euclidean").embed(scene())
    length = float(np.linalg.norm(unscaled))
    assert unscaled / length == pytest.approx(shipped, abs=1e-5)
    assert abs(length - 1) > 0.1


@pytest.mark.parametrize("layout", ["fc", "classifier", "heads"])
def test_classifiers_come_off_resnets_vggs_and_transformers(layout: str) -> None:
    network = nn.Module()
    last = nn.Linear(8, 1000)
    setattr(network, layout, last if layout == "fc" else nn.Sequential(nn.Linear(8, 8), last))
    without_classifier(network)
    assert not any(getattr(layer, "out_features", 0) == 1000 for layer in network.modules())


def test_a_network_whose_classifier_is_not_known_is_refused() -> None:
    with pytest.raises(Permanent, match="no classifier under a known name"):
        without_classifier(nn.Sequential(nn.Linear(2, 2)))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("timm:vgg16", "pip install timm"),
        ("open_clip:ViT-B-32/openai", "pip install open-clip-torch"),
        ("torchvision:inception_v3", "pip install torchvision"),
        ("file:/nowhere/x.pt2", "no file /nowhere/x.pt2"),
        ("resnet", "There is no model 'resnet'. Use cbir, textbook, frozen"),
    ],
)
def test_a_model_that_cannot_be_had_says_what_to_do(name: str, words: str) -> None:
    library = name.partition(":")[0]
    if library in ("timm", "open_clip", "torchvision") and find_spec(library):
        pytest.skip(f"{library} is installed here")
    with pytest.raises(Permanent, match=words):
        open_model(name)
