"""Linear heads on the embedding: what the model believes of a piece, with a calibrated confidence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from services.embedder.manifest import TypeClasses
from shared.contracts.analysis import Attribute
from shared.contracts.fields import Vector
from shared.errors import Permanent

Logits = npt.NDArray[np.float32]
NOT_JEWELRY = "not-jewelry"


class TypeHead:
    """Multinomial logistic regression: `weight` float32 [K, D], `bias` float32 [K], one row a class of `types`.

    Confidence is softmax(logits / temperature), Guo et al. 2017, https://arxiv.org/abs/1706.04599, section 4.2.
    """

    def __init__(self, weight: Logits, bias: Logits, types: TypeClasses) -> None:
        self.weight = weight
        self.bias = bias
        self.types = types

    def logits(self, vectors: Vector) -> Logits:
        """float32 [N, D] -> float32 [N, K]."""
        return vectors @ self.weight.T + self.bias

    def probabilities(self, vectors: Vector) -> Logits:
        """float32 [N, D] -> float32 [N, K], rows summing to 1."""
        scaled = self.logits(vectors) / np.float32(self.types.temperature)
        exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True), dtype=np.float32)

    def predict(self, vector: Vector) -> Attribute | None:
        """The type of one piece, (D,); None when it is not sure enough or sees no jewelry."""
        row = self.probabilities(vector[None])[0]
        best = int(row.argmax())
        if row[best] < self.types.min_confidence or self.types.classes[best] == NOT_JEWELRY:
            return None
        return Attribute(value=self.types.classes[best], confidence=round(float(row[best]), 4))

    def save(self, path: Path) -> None:
        np.savez_compressed(path, weight=self.weight.astype(np.float16), bias=self.bias)

    @classmethod
    def load(cls, path: Path, types: TypeClasses) -> TypeHead:
        if not path.is_file():
            raise Permanent(f"The model folder has no {path.name}. Make it with `python -m lab train-type`.")
        with np.load(path, allow_pickle=False) as arrays:
            return cls(arrays["weight"].astype(np.float32), arrays["bias"].astype(np.float32), types)
