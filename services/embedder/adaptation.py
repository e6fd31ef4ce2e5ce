"""What a shop's catalogue taught about a model's vectors: one affine map, laid over them when all else is known."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from services.embedder.analyse import Analyse
from services.embedder.batcher import Lane
from services.embedder.look import Look
from services.embedder.manifest import Manifest
from services.embedder.named import is_named
from shared.contracts.analysis import Analysis, Box, Piece, TrayAnalysis
from shared.contracts.fields import Vector, pack_vector
from shared.contracts.models import Model
from shared.errors import Permanent

ADAPTATION = "adaptation.npz"
"""In the folder of a shop's own model alone: what `loupe train` made."""


@dataclass(frozen=True, slots=True)
class Adaptation:
    """x -> `weight` x + `bias`, to unit length; `weight` float32 [D, D] of full rank, `bias` float32 [D].

    What is searched by is the mapped vector; the heads see x itself, so what they know stays calibrated.
    """

    weight: Vector
    bias: Vector

    def __call__(self, vectors: Vector) -> Vector:
        """Unit float32 [N, D] -> unit float32 [N, D]."""
        mapped = vectors @ self.weight.T + self.bias
        return np.asarray(mapped / np.linalg.norm(mapped, axis=1, keepdims=True), dtype=np.float32)

    def undo(self, mapped: Vector) -> Vector:
        """The unit vectors float32 [N, D] of which `mapped` was made, within 1e-3.

        x = s u + c, where u and c undo the map of the vector and of zero; s > 0 is what gives x the length 1.
        """
        inverse = np.linalg.inv(self.weight.astype(np.float64))
        turned = mapped.astype(np.float64) @ inverse.T
        origin = -inverse @ self.bias
        squared = (turned**2).sum(axis=1)
        along = turned @ origin
        scale = (np.sqrt(along**2 + squared * (1 - origin @ origin)) - along) / squared
        return np.asarray(turned * scale[:, None] + origin, dtype=np.float32)

    def packed(self) -> bytes:
        """The file of it: the same numbers give the same bytes."""
        buffer = io.BytesIO()
        np.savez(buffer, weight=self.weight, bias=self.bias)
        return buffer.getvalue()

    @classmethod
    def of(cls, folder: Path, manifest: Manifest) -> Adaptation | None:
        """That of a model folder; None where it has none. Raises `Permanent` when it does not fit the model."""
        if ADAPTATION not in manifest.files:
            return None
        with np.load(folder / ADAPTATION, allow_pickle=False) as arrays:
            found = cls(arrays["weight"], arrays["bias"])
        side = manifest.dimension
        if found.weight.shape != (side, side) or found.bias.shape != (side,):
            raise Permanent(
                f"{folder / ADAPTATION} is not for vectors of {side} numbers. Restore it, or run `loupe train` again."
            )
        return found


class Adapted:
    """A model whose vectors are mapped, and which is the same else."""

    def __init__(self, analyse: Analyse, adaptation: Adaptation) -> None:
        self._analyse = analyse
        self._adaptation = adaptation

    @property
    def model_version(self) -> str:
        return self._analyse.model_version

    @property
    def about(self) -> Model:
        return self._analyse.about

    def __call__(self, data: bytes, lane: Lane, box: Box | None = None) -> Analysis:
        """As `Analyser` does."""
        analysis = self._analyse(data, lane, box)
        self._map(analysis.pieces)
        return analysis

    def tray(self, data: bytes) -> TrayAnalysis:
        analysis = self._analyse.tray(data)
        self._map(analysis.pieces)
        return analysis

    def look(self, data: bytes, box: Box | None = None) -> Look:
        """Its vector is not mapped: what two photos are compared by is the same in every shop."""
        return self._analyse.look(data, box)

    def _map(self, pieces: Sequence[Piece]) -> None:
        if pieces:
            mapped = self._adaptation(np.stack([piece.embedding() for piece in pieces]))
            for piece, vector in zip(pieces, mapped, strict=True):
                piece.vector = pack_vector(vector)

    def close(self) -> None:
        self._analyse.close()


def adapted(analyse: Analyse, name: str) -> Analyse:
    """A model opened by its folder or name, adapted where the folder says so. The folder's hashes were checked then."""
    if is_named(name):
        return analyse
    manifest = Manifest.model_validate_json((Path(name) / "manifest.json").read_bytes())
    adaptation = Adaptation.of(Path(name), manifest)
    return Adapted(analyse, adaptation) if adaptation else analyse
