"""The parts put together: one vector of unit length for a picture."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from services.embedder.cbir.colour import hsv_histogram, lab_histogram
from services.embedder.cbir.shape import gradient_histogram, hu_moments, silhouette
from services.embedder.cbir.texture import gabor_energy, lbp_histogram

SIDE = 128
"""Pixels."""
WEIGHTS = {"lab": 3.0, "hsv": 3.0, "lbp": 1.0, "gabor": 0.5, "hog": 1.0, "hu": 0.02}
"""What each part weighs in the similarity: chosen on train and val classes of RingFIR and train pairs of samepiece."""
DIMENSION = 512 + 288 + 30 + 48 + 1764 + 7
Floats = npt.NDArray[np.float32]


def describe(square: Image.Image) -> Floats:
    """RGB of 128 x 128 -> float32 [2649] of unit length: Lab and HSV histograms, LBP, Gabor, HOG, Hu moments.

    Histograms enter by their square roots, so that the dot product of two is Bhattacharyya's coefficient.
    """
    rgb = np.asarray(square)
    gray = np.asarray(square.convert("L"))
    parts = {
        "lab": np.sqrt(lab_histogram(rgb)),
        "hsv": np.sqrt(hsv_histogram(rgb)),
        "lbp": np.sqrt(lbp_histogram(gray)),
        "gabor": gabor_energy(gray),
        "hog": gradient_histogram(gray),
        "hu": hu_moments(silhouette(rgb)),
    }
    total = sum(WEIGHTS.values())
    weighted = [_unit(part) * np.sqrt(WEIGHTS[name] / total) for name, part in parts.items()]
    return np.concatenate(weighted).astype(np.float32)


def _unit(part: Floats) -> Floats:
    return part / max(float(np.linalg.norm(part)), 1e-12)
