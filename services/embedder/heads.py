"""Linear heads on what the encoder gives: what the model believes of a piece, with calibrated confidences."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from services.embedder.manifest import HeadClasses
from shared.contracts.analysis import Attribute, AttributeName
from shared.contracts.fields import Vector
from shared.errors import Permanent

Logits = npt.NDArray[np.float32]
NOT_JEWELRY = "not-jewelry"
OTHER = "other"
"""What a head knows to be none of the values that it tells."""
UNTOLD = frozenset({NOT_JEWELRY, OTHER})


class Head:
    """Multinomial logistic regression: `weight` float32 [K, D], `bias` float32 [K], one row a class of `about`.

    It sees the first D numbers of an encoder's row: the vector, or the vector and what follows it.
    Confidence is softmax(logits / temperature), Guo et al. 2017, https://arxiv.org/abs/1706.04599, section 4.2.
    """

    def __init__(self, weight: Logits, bias: Logits, about: HeadClasses) -> None:
        self.weight = weight
        self.bias = bias
        self.about = about

    def logits(self, vectors: Vector) -> Logits:
        """float32 [N, D or more] -> float32 [N, K]."""
        return vectors[:, : self.weight.shape[1]] @ self.weight.T + self.bias

    def probabilities(self, vectors: Vector) -> Logits:
        """float32 [N, D or more] -> float32 [N, K], rows summing to 1."""
        scaled = self.logits(vectors) / np.float32(self.about.temperature)
        exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True), dtype=np.float32)

    def predict(self, vector: Vector) -> Attribute | None:
        """The value for one piece, (D,); None when it is not sure enough or has no word for what it sees."""
        row = self.probabilities(vector[None])[0]
        best = int(row.argmax())
        if row[best] < self.about.min_confidence or self.about.classes[best] in UNTOLD:
            return None
        return Attribute(value=self.about.classes[best], confidence=round(float(row[best]), 4))


class Heads:
    """The heads of one model, each by the name of its attribute. An attribute without a head is never known."""

    def __init__(self, heads: Mapping[AttributeName, Head]) -> None:
        self.heads = dict(heads)

    def predict(self, vector: Vector) -> dict[AttributeName, Attribute]:
        """What is known of one piece, (D,). Nothing of what its type says is no jewelry."""
        type_head = self.heads.get("type")
        if type_head and type_head.about.classes[int(type_head.logits(vector[None])[0].argmax())] == NOT_JEWELRY:
            return {}
        found = {name: head.predict(vector) for name, head in self.heads.items()}
        return {name: value for name, value in found.items() if value is not None}

    def save(self, path: Path) -> None:
        """Weights in half precision."""
        arrays: dict[str, npt.NDArray[np.floating]] = {}
        for name, head in self.heads.items():
            arrays |= {f"{name}.weight": head.weight.astype(np.float16), f"{name}.bias": head.bias}
        np.savez_compressed(path, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, path: Path, about: Mapping[AttributeName, HeadClasses]) -> Heads:
        """The heads that a manifest tells of. Raises `Permanent` when the file lacks one of them."""
        if not about:
            return cls({})
        if not path.is_file():
            raise Permanent(f"The model folder has no {path.name}. Make it with `python -m lab train-heads`.")
        with np.load(path, allow_pickle=False) as arrays:
            missing = [name for name in about if f"{name}.weight" not in arrays]
            if missing:
                raise Permanent(
                    f"{path} has no head for {', '.join(missing)}, of which its manifest tells. "
                    "Make both again with `python -m lab train-heads`."
                )
            return cls(
                {
                    name: Head(
                        arrays[f"{name}.weight"].astype(np.float32), arrays[f"{name}.bias"].astype(np.float32), classes
                    )
                    for name, classes in about.items()
                }
            )
