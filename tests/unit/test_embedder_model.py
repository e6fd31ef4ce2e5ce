"""The shipped model: both runtimes agree, batches do not matter, and a changed file is refused."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from services.embedder.heads import Head, Heads
from services.embedder.manifest import (
    ENCODER,
    HEADS,
    MODELS,
    SHIPPED,
    HeadClasses,
    Manifest,
    learned_from,
    read_manifest,
)
from services.embedder.model import Batch, Encoder
from services.embedder.onnx_encoder import OnnxEncoder
from services.embedder.prepare import letterbox, normalise, scale
from services.embedder.torch_encoder import TorchEncoder, load_network
from shared.errors import Permanent
from tests.support.drawn_pieces import drawn_pieces


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return read_manifest(SHIPPED)


@pytest.fixture(scope="module")
def encoder(manifest: Manifest) -> OnnxEncoder:
    return OnnxEncoder(SHIPPED, manifest, threads=2)


@pytest.fixture(scope="module")
def batch(manifest: Manifest) -> Batch:
    size = manifest.input_size
    return np.stack([normalise(letterbox(scale(piece, size), size)) for piece in drawn_pieces(12)])


def cosines(a: Batch, b: Batch) -> Batch:
    return np.asarray((a * b).sum(axis=1))


def unit_rows(rows: Batch) -> Batch:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def test_a_picture_has_one_vector_whether_it_is_forwarded_alone_or_beside_others(
    manifest: Manifest, batch: Batch
) -> None:
    widening = OnnxEncoder(SHIPPED, manifest, threads=1, threads_alone=4)
    alone = widening.forward(batch[:1])
    with ThreadPoolExecutor(4) as pool:
        beside = np.concatenate(list(pool.map(lambda _: widening.forward(batch[:1]), range(8))))
    np.testing.assert_allclose(beside, np.repeat(alone, 8, axis=0), atol=1e-4)


def test_onnx_and_torch_give_the_same_vector_and_features(
    encoder: OnnxEncoder, manifest: Manifest, batch: Batch
) -> None:
    ours, theirs = encoder.forward(batch), TorchEncoder(SHIPPED, manifest, "cpu").forward(batch)
    assert theirs.dtype == np.float32
    for part in (slice(0, manifest.dimension), slice(manifest.dimension, None)):
        assert cosines(unit_rows(ours[:, part]), unit_rows(theirs[:, part])).min() >= 0.999


@pytest.mark.long
def test_torch_on_a_cpu_computes_in_single_precision(manifest: Manifest, batch: Batch) -> None:
    with torch.inference_mode():
        plain = load_network(SHIPPED, manifest)(torch.from_numpy(batch)).numpy()
    assert np.abs(TorchEncoder(SHIPPED, manifest, "cpu").forward(batch) - plain).max() < 1e-4


def test_vectors_have_unit_length_and_the_stated_dimension(encoder: Encoder, manifest: Manifest, batch: Batch) -> None:
    rows = encoder.forward(batch)
    assert rows.shape == (12, manifest.dimension + manifest.feature_dimension)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows[:, : encoder.dimension], axis=1), 1, atol=1e-5)


def test_a_picture_has_the_same_vector_in_any_batch(encoder: OnnxEncoder, batch: Batch) -> None:
    alone = np.concatenate([encoder.forward(batch[n : n + 1]) for n in range(len(batch))])
    assert np.abs(encoder.forward(batch) - alone).max() < 1e-3
    assert np.abs(encoder.forward(batch[::-1].copy())[::-1] - alone).max() < 1e-3


def test_pictures_of_different_pieces_have_different_vectors(encoder: OnnxEncoder, batch: Batch) -> None:
    vectors = encoder.forward(batch)[:, : encoder.dimension]
    assert (vectors @ vectors.T - 2 * np.eye(len(vectors))).max() < 0.999


@pytest.mark.parametrize("name", [ENCODER, HEADS])
def test_a_model_file_that_is_not_the_manifests_is_refused_by_name(name: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SHIPPED, tmp_path / "model"))
    with (folder / name).open("r+b") as file:
        file.seek(200)
        file.write(b"\x00changed")
    with pytest.raises(Permanent, match=f"{name} is not the one its manifest names"):
        read_manifest(folder)


def test_a_missing_model_file_is_named(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SHIPPED, tmp_path / "model"))
    (folder / ENCODER).unlink()
    with pytest.raises(Permanent, match=r"encoder\.onnx is missing"):
        read_manifest(folder)


def test_a_folder_without_a_manifest_says_which_setting_to_mend(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="EMBEDDER_MODEL_DIRS"):
        read_manifest(tmp_path)


def test_a_manifest_of_another_shape_is_refused(tmp_path: Path) -> None:
    values = json.loads((SHIPPED / "manifest.json").read_text()) | {"dimension": 0}
    (tmp_path / "manifest.json").write_text(json.dumps(values))
    with pytest.raises(Permanent, match="dimension"):
        read_manifest(tmp_path)


def test_torch_weights_other_than_the_exported_ones_are_refused(manifest: Manifest) -> None:
    with pytest.raises(Permanent, match="not those that model"):
        TorchEncoder(SHIPPED, manifest.model_copy(update={"torch_weights_sha256": "0" * 64}), "cpu")


def head(min_confidence: float, temperature: float = 1.0) -> Head:
    types = HeadClasses(
        classes=["ring", "not-jewelry", "watch"], temperature=temperature, min_confidence=min_confidence
    )
    return Head(np.eye(3, 4, dtype=np.float32) * 5, np.zeros(3, dtype=np.float32), types)


def unit(place: int) -> Batch:
    row: Batch = np.eye(4, dtype=np.float32)[place]
    return row


def test_a_sure_type_is_told_with_its_probability() -> None:
    believed = head(0.5).predict(unit(0))
    assert believed is not None
    assert believed.value == "ring"
    assert believed.confidence == pytest.approx(np.exp(5) / (np.exp(5) + 2), abs=1e-3)


def test_a_higher_temperature_lowers_the_confidence_and_keeps_the_type() -> None:
    sure, unsure = head(0.1).predict(unit(2)), head(0.1, temperature=4.0).predict(unit(2))
    assert sure is not None
    assert unsure is not None
    assert (unsure.value, unsure.confidence < sure.confidence) == ("watch", True)


def test_what_the_head_does_not_know_is_absent() -> None:
    assert head(0.5).predict(unit(3)) is None, "no class stands out"
    assert head(0.5).predict(unit(1)) is None, "it is no jewelry"


def test_a_saved_head_predicts_as_before(tmp_path: Path) -> None:
    first = Heads({"type": head(0.5), "metal": head(0.5)})
    first.save(tmp_path / HEADS)
    about = {name: each.about for name, each in first.heads.items()}
    again = Heads.load(tmp_path / HEADS, about).predict(unit(0))
    assert again == first.predict(unit(0))
    assert set(again) == {"type", "metal"}


def test_nothing_is_known_of_what_is_no_jewelry() -> None:
    metal = HeadClasses(classes=["gold", "silver", "black"], temperature=1.0, min_confidence=0.1)
    sure_of_metal = Head(head(0.1).weight, head(0.1).bias, metal)
    heads = Heads({"type": head(0.1), "metal": sure_of_metal})
    assert set(heads.predict(unit(2))) == {"type", "metal"}
    assert heads.predict(unit(1)) == {}


def test_what_a_head_calls_other_is_not_told() -> None:
    cut = HeadClasses(classes=["oval", "other", "round"], temperature=1.0, min_confidence=0.1)
    heads = Heads({"cut": Head(head(0.1).weight, head(0.1).bias, cut)})
    assert heads.predict(unit(1)) == {}
    assert heads.predict(unit(0))["cut"].value == "oval"


def test_a_manifest_that_tells_of_a_head_that_is_not_in_the_file_is_refused(tmp_path: Path) -> None:
    Heads({"type": head(0.5)}).save(tmp_path / HEADS)
    with pytest.raises(Permanent, match="stone"):
        Heads.load(tmp_path / HEADS, {"type": head(0.5).about, "stone": head(0.5).about})


def test_a_folder_without_a_head_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="train-heads"):
        Heads.load(tmp_path / HEADS, {"type": head(0.5).about})


def test_a_picture_keeps_its_proportions_in_the_square() -> None:
    wide = Image.new("RGB", (400, 100), "black")
    square = letterbox(scale(wide, 260), 260)
    assert square.size == (260, 260)
    assert (square.getpixel((130, 130)), square.getpixel((130, 10))) == ((0, 0, 0), (255, 255, 255))


def test_normalised_levels_lie_where_the_network_was_trained() -> None:
    prepared = normalise(Image.new("RGB", (4, 4), (255, 127, 0)))
    assert prepared.shape == (3, 4, 4)
    assert prepared[:, 0, 0].tolist() == [1.0, 0.0, -127 / 128]


@pytest.mark.parametrize("name", ["loupe-open-3", "loupe-wide-3"])
def test_a_loupe_models_vector_is_the_same_by_both_runtimes(name: str) -> None:
    manifest = read_manifest(MODELS / name)
    size = manifest.input_size
    batch = np.stack([normalise(letterbox(scale(piece, size), size)) for piece in drawn_pieces(3)])
    ours = OnnxEncoder(MODELS / name, manifest, threads=2).forward(batch)
    theirs = TorchEncoder(MODELS / name, manifest, "cpu").forward(batch)
    assert np.abs(ours - theirs).max() < 1e-3


@pytest.mark.parametrize(
    ("training", "words"),
    [
        ({"sources": "clean", "heads": "clean"}, "encoder: own renders and free licences; heads: own renders and free"),
        ({"sources": "clean", "heads": "all"}, "heads: also photographs without a licence"),
        ({}, "encoder: ImageNet alone; heads: none"),
    ],
)
def test_whoever_starts_it_is_told_what_a_model_learned_from(
    manifest: Manifest, training: dict[str, str], words: str
) -> None:
    assert words in learned_from(manifest.model_copy(update={"training": training}))
