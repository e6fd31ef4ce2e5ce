"""Shape: gradients by place, and the moments of the silhouette."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from skimage.color import rgb2lab
from skimage.feature import hog
from skimage.filters import gaussian, threshold_otsu
from skimage.measure import label, moments_central, moments_hu, moments_normalized

Floats = npt.NDArray[np.float32]
Levels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

HOG_CELLS = 8
"""A side."""
MIN_PIECE = 0.002
"""Of the picture's area; smaller spots are dust."""


def gradient_histogram(gray: Levels) -> Floats:
    """HOG of 8 x 8 cells in blocks of 2 x 2 with 9 orientations, float32 [1764]; uint8 [S, S].

    Dalal and Triggs 2005, https://doi.org/10.1109/CVPR.2005.177.
    """
    side = gray.shape[0] // HOG_CELLS
    return np.asarray(
        hog(gray, orientations=9, pixels_per_cell=(side, side), cells_per_block=(2, 2), block_norm="L2-Hys"), np.float32
    )


def hu_moments(mask: Mask) -> Floats:
    """The seven Hu moments of a silhouette as -sign(h) * log10(|h|) / 10, float32 [7]: unchanged by turn, shift, scale.

    Hu 1962, https://doi.org/10.1109/TIT.1962.1057692; all 0 where the mask is empty.
    """
    if not mask.any():
        return np.zeros(7, np.float32)
    moments = moments_hu(moments_normalized(moments_central(mask.astype(np.float64))))
    sizes = np.abs(moments)
    logs = np.log10(np.where(sizes > 1e-12, sizes, 1))
    return np.asarray(-np.sign(moments) * logs / 10, np.float32)


def silhouette(rgb: Levels) -> Mask:
    """What differs in colour from the picture's border: Otsu's threshold on the CIELAB distance to the border's median.

    Otsu 1979, https://doi.org/10.1109/TSMC.1979.4310076; uint8 [H, W, 3] -> bool [H, W].
    """
    colours = rgb2lab(rgb)
    border = np.concatenate([colours[0], colours[-1], colours[:, 0], colours[:, -1]])
    distance = gaussian(np.linalg.norm(colours - np.median(border, axis=0), axis=2), 1)
    if distance.max() - distance.min() < 1:
        return np.zeros(distance.shape, np.bool_)
    return np.asarray(distance > threshold_otsu(distance))


def pieces(rgb: Levels) -> list[Mask]:
    """The silhouette's connected parts, largest first, without dust."""
    labels = label(silhouette(rgb))
    sizes = np.bincount(labels.ravel())[1:]
    order = [place for place in np.argsort(-sizes).tolist() if sizes[place] >= MIN_PIECE * labels.size]
    return [labels == place + 1 for place in order]
