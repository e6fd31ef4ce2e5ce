"""Where the camera stands, and what its sensor makes of the light."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from lab.render.mesh import Array
from lab.render.shots import Shot

SENSOR = 24.0
"""Side of the square sensor in mm."""
KEY_WHITE = 0.86
"""What a perfectly white, level card in the piece's place is exposed to, 1.0 being the sensor's limit."""


def field_of_view(shot: Shot) -> float:
    """Degrees across the picture."""
    return float(2 * np.degrees(np.arctan(SENSOR / 2 / shot.focal)))


def placed(points: Array, shot: Shot) -> tuple[Array, Array, float]:
    """Where the camera stands and looks (3,) so that `points` (n, 3) span `fill` of the frame; its width in mm."""
    a, e = np.radians(shot.azimuth), np.radians(shot.elevation)
    forward = -np.array([np.sin(a) * np.cos(e), -np.cos(a) * np.cos(e), np.sin(e)])
    right = np.array([np.cos(a), np.sin(a), 0.0])
    up = np.cross(right, forward)
    half = np.tan(np.radians(field_of_view(shot) / 2))
    target = (points.min(0) + points.max(0)) / 2
    distance = 2.2 * float(np.linalg.norm(np.ptp(points, axis=0))) / half * 0.5 + 10
    for _ in range(10):
        offset = points - (target - forward * distance)
        depth = np.maximum(offset @ forward, 0.05 * distance)
        x, y = offset @ right / depth / half, offset @ up / depth / half
        scale = distance * half
        target = target + right * ((x.max() + x.min()) / 2) * scale + up * ((y.max() + y.min()) / 2) * scale
        distance *= float(max(np.ptp(x), np.ptp(y))) / 2 / shot.fill
    frame = 2 * distance * half
    target = target - right * shot.shift[0] * frame - up * shot.shift[1] * frame
    return target - forward * distance, target, frame


def develop(radiance: Array, shot: Shot, seed: int) -> npt.NDArray[np.uint8]:
    """Linear light (h, w, 3), a white card being `room.white_card()`, to an sRGB picture as the camera writes it."""
    size = len(radiance)
    card = shot.room.white_card()
    white = card.mean() * (card / card.mean()) ** shot.adapted / np.array(shot.balance)
    light = radiance / white * KEY_WHITE
    light = light * _metered(light) * shot.exposure
    glare = gaussian_filter(np.clip(light - 1.0, 0, 8), (0.012 * size, 0.012 * size, 0))
    light = light + 0.05 * glare
    if shot.blur:
        sigma = shot.blur * size / 256
        light = gaussian_filter(light, (sigma, sigma, 0))
    if shot.noise:
        random = np.random.default_rng([seed, 7])
        grain = gaussian_filter(random.standard_normal(light.shape), (0.45, 0.45, 0)) * 1.6
        light = light + shot.noise * grain * np.sqrt(np.clip(light, 0.0, 1.0) + 0.03)
    return to_srgb(light)


def _metered(light: Array) -> float:
    """How an automatic exposure brightens a dark scene or dims a bright one: halfway to middle, within half a stop."""
    middle = float(np.exp(np.log(light.mean(-1) + 1e-3).mean()))
    return float(np.clip((0.62 / middle) ** 0.4, 0.9, 1.6))


def to_srgb(light: Array) -> npt.NDArray[np.uint8]:
    """Linear light to 8-bit sRGB (IEC 61966-2-1) with a soft shoulder from 0.7 on."""
    over = np.clip(light - 0.7, 0, None)
    linear = np.clip(np.minimum(light, 0.7) + 0.3 * (1 - np.exp(-over / 0.3)), 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)
    return np.asarray(np.round(encoded * 255), dtype=np.uint8)
