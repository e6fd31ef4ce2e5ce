"""Finding the pieces in a picture on the CPU, by onnxruntime: a box, a mask and a confidence each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.embedder.find import Floats, Found
from services.embedder.grouping import Group, group
from services.embedder.manifest import file_sha256
from services.embedder.prepare import letterbox, normalise, scale
from services.embedder.sessions import opened
from shared.contracts.analysis import Box
from shared.contracts.fields import MAX_PIECES
from shared.errors import Permanent

FINDER = "finder.onnx"
FINDER_MANIFEST = "finder.json"


class FinderManifest(BaseModel):
    """How finder.onnx is used. Confidence is sigmoid(`weights` . `Group.evidence` + `bias`).

    Platt 1999, fitted on validation scenes; a piece below `min_confidence` is not told.
    """

    model_config = ConfigDict(extra="forbid")

    version: str
    input_size: int = Field(gt=0, multiple_of=32, description="Side of the square input in pixels.")
    weights: tuple[float, float, float, float]
    bias: float
    min_confidence: float = Field(ge=0, le=1)
    training_data_sha256: str = Field(description="Of the sorted sha256 of every picture trained on.")
    files: dict[str, str] = Field(description="File name -> sha256.")


class Finder:
    """`finder.onnx` of a model folder. Safe to call from many threads."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Raises `Permanent` that names the file that is missing or differs from its hash, and what to do."""
        self.manifest = read_finder_manifest(folder)
        self._session = opened(folder / FINDER, threads)

    def find(self, rgb: Image.Image) -> list[Found]:
        """The pieces that it is sure of, surest first, at most `MAX_PIECES`; an empty list where there is none."""
        groups, (width, height) = self.groups(rgb)
        found = [piece for one in groups if (piece := self._found(one, width, height)) is not None]
        sure = [piece for piece in found if piece.confidence >= self.manifest.min_confidence]
        return sorted(sure, key=lambda piece: -piece.confidence)[:MAX_PIECES]

    def groups(self, rgb: Image.Image) -> tuple[list[Group], tuple[int, int]]:
        """All that may be pieces, in the letterboxed square, and the width and height of the picture within it."""
        side = self.manifest.input_size
        scaled = scale(rgb, side)
        foreground, centres, offsets = self.maps(normalise(letterbox(scaled, side))[None])
        return group(foreground[0, 0], centres[0, 0], offsets[0]), scaled.size

    def maps(self, batch: Floats) -> tuple[Floats, Floats, Floats]:
        """float32 [N, 3, S, S] -> logits [N, 1, S, S] and [N, 1, S/4, S/4], offsets [N, 2, S/4, S/4] in sides."""
        foreground, centres, offsets = self._session.run(None, {"pictures": batch})
        return foreground, centres, offsets

    def _found(self, one: Group, width: int, height: int) -> Found | None:
        side = self.manifest.input_size
        left, top = (side - width) // 2, (side - height) // 2
        mask = one.mask[top : top + height, left : left + width]
        box = box_of(mask > 0.5)
        if box is None:
            return None
        odds = float(np.dot(self.manifest.weights, one.evidence)) + self.manifest.bias
        return Found(box, float(1 / (1 + np.exp(-odds))), mask)


def box_of(mask: npt.NDArray[np.bool_]) -> Box | None:
    """The smallest box about a mask; None where the mask is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    height, width = mask.shape
    return Box(x0=columns[0] / width, y0=rows[0] / height, x1=(columns[-1] + 1) / width, y1=(rows[-1] + 1) / height)


def read_finder_manifest(folder: Path) -> FinderManifest:
    """The finder.json of a folder whose files all have the hash it names.

    Raises `Permanent` naming the file that is missing or differs, and what to do.
    """
    try:
        manifest = FinderManifest.model_validate_json((folder / FINDER_MANIFEST).read_bytes())
    except OSError as error:
        raise Permanent(
            f"There is no finder in {folder}: {FINDER_MANIFEST} cannot be read ({error.strerror}). "
            "Restore the folder, or make it with `python -m lab train-finder`."
        ) from error
    except ValidationError as error:
        raise Permanent(f"{folder / FINDER_MANIFEST} does not follow the finder's manifest: {error}") from error
    for name, expected in manifest.files.items():
        path = folder / name
        if not path.is_file() or file_sha256(path) != expected:
            raise Permanent(
                f"The finder's file {path} is missing or not the one that {FINDER_MANIFEST} names (sha256 {expected}). "
                "Restore the folder, or make it with `python -m lab train-finder`."
            )
    return manifest
