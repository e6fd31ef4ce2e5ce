"""An image tower of another maker as a model that the embedder can run."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Literal

import numpy as np
import torch
from torch import nn

from services.embedder.model import Batch
from services.embedder.torch_memory import memory_told
from services.embedder.towers import open_tower, weights_sha256
from shared.errors import Permanent


class TowerEncoder:
    """The version names the model and, in its last eight characters, its weights and preprocessing.

    The whole picture is seen, letterboxed on white as for our own model, where makers often cut out the middle.
    """

    def __init__(self, name: str, device: Literal["cpu", "cuda"]) -> None:
        if device == "cuda" and not torch.cuda.is_available():
            raise Permanent(
                "EMBEDDER_COMPUTE is cuda, but torch finds no CUDA device. Set it to cpu, or mend the driver."
            )
        if device == "cpu":
            torch.set_num_threads(1)  # the batcher runs a forward on each core
        tower = open_tower(name)
        tower.network.eval().requires_grad_(False).to(device)
        self.input_size = tower.size
        self._features = tower.features
        self._device = torch.device(device)
        # From (levels - 127) / 128, as `prepare` makes them, to (levels / 255 - mean) / deviation.
        mean, deviation = (
            torch.tensor(list(each), dtype=torch.float32)[:, None, None] for each in (tower.mean, tower.deviation)
        )
        self._scale = (128 / 255 / deviation).to(self._device)
        self._shift = ((127 / 255 - mean) / deviation).to(self._device)
        self.version = _version(name, f"{weights_sha256(tower.network)} {tower.size} {tower.mean} {tower.deviation}")
        self.dimension = self._try(name)

    def forward(self, batch: Batch) -> Batch:
        with memory_told(), torch.inference_mode():
            pictures = torch.from_numpy(batch).to(self._device) * self._scale + self._shift
            vectors = nn.functional.normalize(self._features(pictures).float(), dim=1)
            return np.asarray(vectors.cpu().numpy(), dtype=np.float32)

    def _try(self, name: str) -> int:
        """The dimension, by a forward of a blank picture."""
        try:
            vectors = self.forward(np.zeros((1, 3, self.input_size, self.input_size), np.float32))
        except (RuntimeError, ValueError, TypeError, AttributeError, IndexError) as error:
            raise Permanent(f"The model {name} does not take pictures ({type(error).__name__}: {error}).") from error
        if vectors.ndim != 2 or not np.isfinite(vectors).all():
            raise Permanent(f"The model {name} gives {list(vectors.shape)} for one picture, not one vector of numbers.")
        return int(vectors.shape[1])


def _version(name: str, made_of: str) -> str:
    kind, _, rest = name.partition(":")
    words = re.sub(r"[^a-z0-9.]+", "-", f"{kind}-{rest.rstrip('/').split('/')[-1]}".lower()).strip("-.")
    return f"{words[:50]}-{sha256(made_of.encode()).hexdigest()[:8]}"
