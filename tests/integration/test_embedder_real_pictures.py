"""The embedder on the real pictures, where they are."""

from __future__ import annotations

import numpy as np
import pytest

from lab.datasets import JEWELRY, Record, read_jewelry
from services.embedder.decode import decode
from services.embedder.manifest import SHIPPED, read_manifest
from services.embedder.onnx_encoder import OnnxEncoder
from services.embedder.prepare import letterbox, normalise, scale
from services.embedder.quality import warnings_of
from services.embedder.torch_encoder import TorchEncoder

pytestmark = [
    pytest.mark.real_pictures,
    pytest.mark.skipif(not JEWELRY.is_dir(), reason="../shared/data is not here"),
]


@pytest.fixture(scope="module")
def rows() -> list[Record]:
    """Every 90th picture: some of every source."""
    return read_jewelry()[::90]


def test_onnx_and_torch_give_the_same_vector_for_real_pictures(rows: list[Record]) -> None:
    manifest = read_manifest(SHIPPED)
    size = manifest.input_size
    pictures = [decode(row.path.read_bytes(), size).rgb for row in rows[::4]]
    batch = np.stack([normalise(letterbox(scale(rgb, size), size)) for rgb in pictures])
    ours = OnnxEncoder(SHIPPED, manifest, threads=2).forward(batch)[:, : manifest.dimension]
    theirs = TorchEncoder(SHIPPED, manifest, "cpu").forward(batch)[:, : manifest.dimension]
    assert (ours * theirs).sum(axis=1).min() >= 0.999


def test_good_shop_pictures_hardly_ever_get_a_warning(rows: list[Record]) -> None:
    shops = [row for row in rows if row.type not in ("not-jewelry", "loose-stone")]
    warned = 0
    for row in shops:
        picture = decode(row.path.read_bytes(), 260)
        warned += bool(warnings_of(scale(picture.rgb, 260), picture.width, picture.height))
    assert warned <= 0.02 * len(shops)
