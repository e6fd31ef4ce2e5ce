"""A shop's own model in the embedder: heads see the base model's vector, searches go by the adapted one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from loupe.learning.packing import Base, Learned, ModelFolder, pack
from services.embedder.adaptation import ADAPTATION, Adaptation
from services.embedder.heads import Head
from services.embedder.main import load_models
from services.embedder.manifest import HeadClasses, file_sha256, read_manifest
from services.embedder.settings import Settings
from shared.contracts.analysis import Piece
from shared.contracts.fields import Vector
from shared.errors import Permanent
from tests.support.pictures import drawing
from tests.support.small_model import DIMENSION, small_model

PICTURE = drawing(5)


@pytest.fixture
def base(tmp_path: Path) -> ModelFolder:
    folder = small_model(tmp_path / "base")
    return ModelFolder(folder, read_manifest(folder))


def packed(base: ModelFolder, adaptation: Adaptation | None, head: Head | None = None) -> ModelFolder:
    told = {"no_match_below": 0.1, "look_at_least": 0.2}
    facts = {"shop": "a-shop", "pictures": "1", "pieces": "1"}
    return pack(Base.of(base), Learned(adaptation, {"type": head} if head else {}), told, facts, base.path.parent)


def main_piece(folder: Path) -> Piece:
    (model,) = load_models(Settings(broker_url="b", object_store_url="o", model_dirs=[folder], threads=1))
    try:
        return model(PICTURE, "query").pieces[0]
    finally:
        model.close()


def a_map() -> Adaptation:
    dice = np.random.default_rng(2)
    weight = np.eye(DIMENSION) + 0.05 * dice.normal(size=(DIMENSION, DIMENSION))
    return Adaptation(weight.astype(np.float32), 0.1 * dice.normal(size=DIMENSION).astype(np.float32))


def head_of(vector: Vector) -> Head:
    """Says watch, with confidence 0.73, of this vector alone."""
    types = HeadClasses(classes=["ring", "watch"], temperature=1.0, min_confidence=0.6)
    return Head(np.stack([np.zeros(DIMENSION, np.float32), 100 * vector]), np.array([99.0, 0.0], np.float32), types)


def test_the_vector_is_the_adapted_one_and_the_head_sees_the_base_models(base: ModelFolder) -> None:
    before = main_piece(base.path).embedding()
    piece = main_piece(packed(base, a_map(), head_of(before)).path)
    assert np.abs(piece.embedding() - a_map()(before[None])[0]).max() < 1e-5
    assert np.abs(piece.embedding() - before).max() > 0.01
    assert np.linalg.norm(piece.embedding()) == pytest.approx(1, abs=1e-5)
    assert piece.type
    assert piece.type.value == "watch"
    assert piece.type.confidence == pytest.approx(0.73, abs=0.02)


def test_a_shops_model_is_another_version_for_another_content(base: ModelFolder) -> None:
    one, other = packed(base, a_map()), packed(base, Adaptation(np.eye(DIMENSION, dtype=np.float32), a_map().bias))
    assert one.manifest.version != other.manifest.version
    assert one.manifest.version.startswith("colour-grid-1-a-shop-")
    assert Base.of(one).manifest == Base.of(other).manifest == base.manifest
    assert (one.manifest.no_match_below, one.manifest.look_at_least) == (0.1, 0.2)


def test_a_map_mixes_form_and_colours_so_that_they_are_not_told_apart(base: ModelFolder) -> None:
    divided = replace(base, manifest=base.manifest.model_copy(update={"form_dimension": 40}))
    assert packed(divided, a_map()).manifest.form_dimension is None
    head = head_of(np.ones(DIMENSION, dtype=np.float32))
    assert packed(divided, None, head).manifest.form_dimension == 40


def test_a_map_that_was_changed_on_disk_is_refused(base: ModelFolder) -> None:
    made = packed(base, a_map())
    (made.path / ADAPTATION).write_bytes(b"other")
    with pytest.raises(Permanent, match="is not the one its manifest names"):
        main_piece(made.path)


def test_a_map_for_vectors_of_another_length_is_refused(base: ModelFolder) -> None:
    made = packed(base, a_map())
    short = Adaptation(np.eye(3, dtype=np.float32), np.zeros(3, np.float32))
    (made.path / ADAPTATION).write_bytes(short.packed())
    manifest = json.loads((made.path / "manifest.json").read_text())
    manifest["files"][ADAPTATION] = file_sha256(made.path / ADAPTATION)
    (made.path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(Permanent, match="is not for vectors of 48 numbers"):
        main_piece(made.path)
