"""What fusion is fitted on: the trunk's features and the colours of a picture, side by side and not yet whitened."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal

import numpy as np
import onnxruntime as ort
import torch
from PIL import Image
from torch import Tensor, nn

from lab.export import to_onnx
from lab.models.port import Vectors
from lab.vectors import source_sha256
from services.embedder import decode, lite_network, loupe_network, prepare
from services.embedder.lite_network import HEAD_CHANNELS, LiteNetwork
from services.embedder.loupe_network import Colours, of_both, two_looks


class PartsNetwork(nn.Module):
    """Prepared pictures -> float32 [N, 1280 + 54]; see `Parts`."""

    def __init__(self, trunk_weights: Mapping[str, Tensor], gem_p: float) -> None:
        super().__init__()
        self.features, self.colours = LiteNetwork(gem_p), Colours()
        self.features.trunk.load_state_dict(dict(trunk_weights), strict=False)

    def forward(self, pictures: Tensor) -> Tensor:
        looks = two_looks(pictures)
        return torch.cat([of_both(self.features(looks)), of_both(self.colours(looks))], dim=1)


class Parts:
    """A model whose vectors are 1280 features of unit length, then 54 colours of unit length.

    `trunk_weights` replace those of ImageNet by name; none are the frozen network.
    """

    distance: Literal["cosine", "euclidean"] = "euclidean"  # so that the cache leaves both lengths alone
    workers: Literal["threads", "processes"] = "threads"

    def __init__(self, name: str, trunk_weights: Mapping[str, Tensor], gem_p: float, size: int) -> None:
        self.name, self.size = name, size
        onnx_bytes = to_onnx(PartsNetwork(trunk_weights, gem_p).eval(), size)
        self.megabytes = len(onnx_bytes) / 1e6
        code = source_sha256(decode, prepare, lite_network, loupe_network)
        self.fingerprint = f"parts {weights_sha256(trunk_weights)} {gem_p} {size} {code}"
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = ort.InferenceSession(onnx_bytes, options, providers=["CPUExecutionProvider"])

    def embed(self, picture: Image.Image) -> Vectors:
        prepared = prepare.normalise(prepare.letterbox(prepare.scale(picture, self.size), self.size))
        (vectors,) = self._session.run(None, {"pictures": prepared[None]})
        return np.asarray(vectors[0], np.float32)


def split(parts: Vectors) -> tuple[Vectors, Vectors]:
    """Features float32 [N, 1280] and colours float32 [N, 54]."""
    return parts[:, :HEAD_CHANNELS], parts[:, HEAD_CHANNELS:]


def weights_sha256(weights: Mapping[str, Tensor]) -> str:
    """A hash of the names and values."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(name.encode() + weights[name].contiguous().numpy().tobytes())
    return digest.hexdigest()
