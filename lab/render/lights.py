"""The light around a piece: soft boxes, windows, bulbs and black cards in a room, as a sky."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lab.render.materials import RGB
from lab.render.mesh import Array

ROWS = 96


@dataclass(frozen=True)
class Light:
    """A soft-edged box on the sky: azimuth 0 lies beyond the piece, 180 behind the camera; all angles in degrees.

    A `radiance` of 0 is a black card, which gives metal its dark edges.
    """

    azimuth: float
    elevation: float
    width: float
    height: float
    radiance: float
    colour: RGB = (1.0, 1.0, 1.0)
    edge: float = 0.15


@dataclass(frozen=True)
class Room:
    """Radiance of the ceiling, the walls and whatever is below the table's edge, with `lights` laid over them."""

    lights: Sequence[Light]
    ceiling: RGB
    walls: RGB

    def sky(self, turned: float = 0.0) -> Array:
        """Radiance (96, 192, 3): row 0 the zenith, column 0 the +y direction, then +x; turned by an azimuth."""
        elevation = 90 - (np.arange(ROWS) + 0.5)[:, None] * 180 / ROWS
        azimuth = (np.arange(2 * ROWS) + 0.5)[None, :] * 180 / ROWS
        high = np.clip((elevation - 25) / 35, 0, 1)[..., None]
        low = np.clip(-elevation / 30, 0, 0.8)[..., None]
        uneven = 1 + 0.35 * np.cos(np.radians(azimuth - 70 + turned))[..., None] * (1 - high)
        sky: Array = (np.array(self.walls) * (1 - high) * uneven + np.array(self.ceiling) * high) * (1 - low)
        for light in self.lights:
            aside = (azimuth - light.azimuth + turned + 180) % 360 - 180
            x = np.abs(aside) * np.cos(np.radians(light.elevation)) / (light.width / 2)
            y = np.abs(elevation - light.elevation) / (light.height / 2)
            share = np.clip((1 + light.edge - np.maximum(x, y)) / (2 * light.edge), 0, 1)[..., None]
            sky = sky * (1 - share) + share * light.radiance * np.array(light.colour)
        return sky

    def white_card(self) -> Array:
        """The radiance (3,) of a white card that lies level in this room."""
        half = ROWS // 2
        theta = np.radians((np.arange(half) + 0.5) * 180 / ROWS)
        weight = (np.cos(theta) * np.sin(theta))[:, None, None]
        sky = self.sky()[:half]
        return np.asarray((sky * weight).sum((0, 1)) / (weight.sum() * sky.shape[1]))
