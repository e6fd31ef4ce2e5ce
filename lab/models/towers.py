"""Networks of other makers by name: the embedder's towers, torchvision, EfficientNet-Lite, an exported program."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.error import URLError

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from lab.datasets import Record
from lab.export import GEM_P, INPUT_SIZE
from lab.models.linear import LinearRecogniser, fit_linear
from lab.models.port import Vectors
from lab.vectors import source_sha256
from services.embedder import colours, decode, prepare
from services.embedder.lite_network import LiteNetwork, weights_path
from services.embedder.manifest import file_sha256
from services.embedder.named import TOWERS
from services.embedder.towers import library, open_tower, weights_sha256
from shared.errors import Permanent

IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Loaded(NamedTuple):
    """A network without its classifier: float32 [N, 3, size, size], normalised -> [N, D] or [N, C, H, W]."""

    network: Callable[[Tensor], Tensor]
    size: int
    mean: Sequence[float]
    deviation: Sequence[float]
    fingerprint: str
    megabytes: float
    parameters: nn.Module | None = None
    """What is moved to the device, where `network` is no module."""


class Tower:
    """A frozen network as a model: letterboxed on white, normalised as its maker did, pooled by the mean over places.

    Runs on the GPU where there is one.
    """

    distance: Literal["cosine", "euclidean"] = "cosine"
    workers: Literal["threads", "processes"] = "threads"

    def __init__(self, name: str) -> None:
        loaded = load(name)
        self.name = name
        self.size = loaded.size
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.fingerprint = f"{loaded.fingerprint} {loaded.size} {source_sha256(colours, decode, prepare)}"
        self._mean = np.array(loaded.mean, np.float32)[:, None, None]
        self._deviation = np.array(loaded.deviation, np.float32)[:, None, None]
        self.megabytes = loaded.megabytes
        self._network = loaded.network
        for part in (loaded.network, loaded.parameters):
            if isinstance(part, nn.Module):
                part.to(self.device)

    def embed(self, picture: Image.Image) -> Vectors:
        square = prepare.letterbox(prepare.scale(picture, self.size), self.size)
        channels = np.asarray(square, np.float32).transpose(2, 0, 1) / 255
        with torch.inference_mode():
            batch = torch.from_numpy(((channels - self._mean) / self._deviation)[None]).to(self.device)
            features = self._network(batch)
            pooled = features.mean(dim=(2, 3)) if features.ndim == 4 else features
            return pooled[0].float().cpu().numpy()

    def recogniser(self, train: Sequence[Record], val: Sequence[Record], classes: Sequence[str]) -> LinearRecogniser:
        return fit_linear(self, train, val, classes)


def load(name: str) -> Loaded:
    """`efficientnet-lite2`, `torchvision:NAME`, `file:PATH` of a program saved by torch.export, or a tower by the name
    that the embedder takes.

    Raises `Permanent` that says what to install or mend.
    """
    kind, _, rest = name.partition(":")
    if kind in TOWERS:
        tower = open_tower(name)
        network = _still(tower.network)
        digest, megabytes = weights_sha256(network), _megabytes(network)
        return Loaded(tower.features, tower.size, tower.mean, tower.deviation, digest, megabytes, network)
    loaders = {"efficientnet-lite2": _lite2, "torchvision": _torchvision, "file": _file}
    if kind not in loaders:
        raise Permanent(
            f"There is no model {name!r}. Use cbir, textbook, frozen, {', '.join([*loaders, *TOWERS])}:NAME "
            "or a folder."
        )
    try:
        return loaders[kind](rest)
    except (URLError, OSError, RuntimeError) as error:
        raise Permanent(
            f"The weights of {name} cannot be had: {error}. Fetch them on a machine with a network."
        ) from error


def _lite2(_: str) -> Loaded:
    half, scale = (127 / 255,) * 3, (128 / 255,) * 3
    network = _still(LiteNetwork(GEM_P))
    return Loaded(network, INPUT_SIZE, half, scale, file_sha256(weights_path()), _megabytes(network))


def _torchvision(name: str) -> Loaded:
    models = library("torchvision").models
    if name not in models.list_models():
        raise Permanent(f"torchvision has no model {name!r}; `torchvision.models.list_models()` lists those it has.")
    weights = models.get_model_weights(name).DEFAULT
    network = models.get_model(name, weights=weights)
    without_classifier(network)
    steps = weights.transforms()
    size, mean, deviation = steps.crop_size[0], steps.mean, steps.std
    return Loaded(_still(network), size, mean, deviation, weights_sha256(network), _megabytes(network))


def _file(name: str) -> Loaded:
    """Its input's size is read from the program; normalisation is ImageNet's."""
    path = Path(name)
    if not path.is_file():
        raise Permanent(f"There is no file {name}. Save one with torch.export.save(torch.export.export(...), path).")
    program = torch.export.load(path)
    inputs = program.example_inputs
    size = int(inputs[0][0].shape[-1]) if inputs else 224
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Loaded(program.module(), size, IMAGENET_MEAN, IMAGENET_DEVIATION, digest, path.stat().st_size / 1e6)


def without_classifier(network: nn.Module) -> None:
    """Take the last linear layer off: `fc` of ResNet and Inception, the end of VGG's `classifier`, `head`, `heads`."""
    for part in ("fc", "classifier", "head", "heads"):
        layer = getattr(network, part, None)
        if isinstance(layer, nn.Linear):
            setattr(network, part, nn.Identity())
            return
        if isinstance(layer, nn.Sequential) and isinstance(layer[-1], nn.Linear):
            layer[-1] = nn.Identity()
            return
    raise Permanent(
        f"{type(network).__name__} has no classifier under a known name, so no features can be had from it."
    )


def _still(network: Any) -> nn.Module:
    ready: nn.Module = network.eval().requires_grad_(False)
    return ready


def _megabytes(network: nn.Module) -> float:
    return float(sum(tensor.nbytes for tensor in network.state_dict().values()) / 1e6)
