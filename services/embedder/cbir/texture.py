"""Texture: local binary patterns and Gabor energies of the grey picture."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from skimage.feature import local_binary_pattern
from skimage.filters import gabor_kernel

Floats = npt.NDArray[np.float32]
Levels = npt.NDArray[np.uint8]

LBP_RADII = (1, 2, 4)
LBP_POINTS = 8
GABOR_FREQUENCIES = (0.05, 0.1, 0.2, 0.35)
"""Cycles a pixel."""
GABOR_ORIENTATIONS = 6
_QUIET = 1e-4
"""Below this mean response (gray in 0..1) a band counts as silent."""


def lbp_histogram(gray: Levels) -> Floats:
    """Share of pixels with each uniform pattern at radii 1, 2 and 4, float32 [3 * 10], each third summing to 1.

    Ojala et al. 2002, https://doi.org/10.1109/TPAMI.2002.1017623; uint8 [H, W].
    """
    parts = []
    for radius in LBP_RADII:
        codes = local_binary_pattern(gray, LBP_POINTS, radius, method="uniform").astype(np.intp)
        parts.append(np.bincount(codes.ravel(), minlength=LBP_POINTS + 2) / codes.size)
    return np.concatenate(parts).astype(np.float32)


def gabor_energy(gray: Levels) -> Floats:
    """log of the mean and of the deviation of each Gabor filter's magnitude, float32 [2 * 24], without their own mean.

    Four frequencies by six orientations (Manjunath and Ma 1996, https://doi.org/10.1109/34.531803). Taking out the
    mean over all filters makes the vector the same at any contrast; uint8 [H, W].
    """
    spectrum = np.fft.fft2((gray / np.float32(255)).astype(np.float32))
    magnitude = np.abs(np.fft.ifft2(spectrum * _bank(gray.shape[0], gray.shape[1])))
    energies = np.concatenate([magnitude.mean(axis=(1, 2)), magnitude.std(axis=(1, 2))])
    logs = np.log(energies + _QUIET)
    return np.asarray(logs - logs.mean(), np.float32)


@lru_cache(maxsize=2)
def _bank(height: int, width: int) -> npt.NDArray[np.complex64]:
    """The filters' spectra, complex64 [24, height, width]; their mean is 0, so that flat ground does not answer."""
    spectra = []
    for frequency in GABOR_FREQUENCIES:
        for step in range(GABOR_ORIENTATIONS):
            kernel = gabor_kernel(frequency, theta=np.pi * step / GABOR_ORIENTATIONS)
            kernel = kernel[: min(height, kernel.shape[0]), : min(width, kernel.shape[1])]
            padded = np.zeros((height, width), dtype=np.complex64)
            padded[: kernel.shape[0], : kernel.shape[1]] = kernel - kernel.mean()
            spectra.append(np.fft.fft2(padded))
    return np.stack(spectra)
