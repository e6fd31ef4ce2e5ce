"""A packaged finder as a model to measure: it gives masks and no vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from lab.models.port import Mask, Vectors
from lab.vectors import source_sha256
from services.embedder import finder, grouping, prepare
from services.embedder.find import Floats
from services.embedder.finder import FINDER, Finder
from shared.errors import Permanent


class FinderFolder:
    """`finder.onnx` of a folder, on one core."""

    distance: Literal["cosine", "euclidean"] = "cosine"
    workers: Literal["threads", "processes"] = "threads"

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self.finder = Finder(folder)
        self.size = self.finder.manifest.input_size
        self.megabytes = (folder / FINDER).stat().st_size / 1e6
        digest = self.finder.manifest.files[FINDER]
        self.fingerprint = f"{digest} {source_sha256(finder, grouping, prepare)}"

    def embed(self, picture: Image.Image) -> Vectors:  # noqa: ARG002  the port asks for it
        raise Permanent(f"{self.name} finds pieces and makes no vectors; measure it with --suite trays.")

    def masks(self, picture: Image.Image) -> list[Mask]:
        masks = [
            np.asarray(_resized(one.mask, picture.size)) > 0.5
            for one in self.finder.find(picture)
            if one.mask is not None
        ]
        return [mask for mask in masks if mask.any()]


def _resized(share: Floats, size: tuple[int, int]) -> Image.Image:
    return Image.fromarray(share).resize(size, Image.Resampling.BILINEAR)
