"""How the shop photographs its pieces, and how a shopper's phone does."""

from __future__ import annotations

import numpy as np

from lab.render.backdrops import Backdrop
from lab.render.scene import Light, Shot

WARM, NEUTRAL, COOL = (1.0, 0.72, 0.44), (1.0, 0.98, 0.95), (0.86, 0.94, 1.0)
"""A bulb of about 3,000 K, a flash of 5,500 K and window light of 7,000 K, relative to a 6,500 K white."""

PAPER_COLOURS = [(0.8, 0.76, 0.7), (0.62, 0.64, 0.68), (0.85, 0.78, 0.76), (0.5, 0.48, 0.45)]
CLOTH_COLOURS = [(0.05, 0.05, 0.06), (0.03, 0.05, 0.12), (0.16, 0.03, 0.05), (0.03, 0.1, 0.07), (0.24, 0.22, 0.2)]
WOOD_COLOURS = [(0.36, 0.2, 0.1), (0.55, 0.38, 0.22), (0.16, 0.08, 0.045), (0.62, 0.5, 0.36)]


def studio(standing: bool, view: int, seed: int) -> Shot:
    """The shop's view 0, 1 or 2: white sweep, soft grey, then cloth or wood; `standing` pieces are seen from lower."""
    random = np.random.default_rng([seed, view])
    azimuth = (-24.0, 28.0, 4.0)[view] + random.uniform(-5, 5)
    elevation = ((31.0, 42.0, 56.0) if standing else (58.0, 44.0, 74.0))[view] + random.uniform(-4, 4)
    key = (250.0, 95.0, 300.0)[view] + random.uniform(-12, 12)
    lights = [
        Light(key, 50, 60, 44, 5.0, NEUTRAL),
        Light(key + 170, 34, 44, 40, 2.6, NEUTRAL),
        Light(15, 62, 90, 24, 3.2, NEUTRAL),
    ]
    if view == 0:
        backdrop = Backdrop((0.94, 0.94, 0.94), seed=seed)
    elif view == 1:
        grey = random.uniform(0.34, 0.5)
        backdrop = Backdrop((grey, grey, grey * 1.02), seed=seed)
    else:
        backdrop = _surface(random, seed)
        lights[0] = Light(key, 42, 46, 40, 6.5, (1.0, 0.9, 0.78))
    ambient = (0.3, 0.3, 0.3) if view == 0 else (0.24, 0.24, 0.25)
    return Shot(azimuth, elevation, backdrop, lights, ambient, fill=0.84 - 0.04 * view, roll=random.uniform(-3, 3))


def phone(standing: bool, random: np.random.Generator) -> Shot:
    """A shopper's photo: bulb, window or flash, held somewhat askew over whatever lay there."""
    where = int(random.integers(3))
    if where == 0:
        lights = [Light(random.uniform(0, 360), random.uniform(48, 70), 34, 30, 9.0, WARM)]
        ambient = (0.5, 0.4, 0.3)
    elif where == 1:
        side = float(random.choice([80.0, 280.0])) + random.uniform(-25, 25)
        lights = [Light(side, random.uniform(28, 42), 64, 50, 5.0, COOL)]
        ambient = (0.4, 0.41, 0.43)
    else:
        lights = [Light(180, 60, 26, 24, 14.0, NEUTRAL)]
        ambient = (0.45, 0.42, 0.38)
    return Shot(
        azimuth=random.uniform(-36, 36),
        elevation=random.uniform(26, 52) if standing else random.uniform(46, 76),
        backdrop=_surface(random, int(random.integers(1 << 30))),
        lights=lights,
        ambient=ambient,
        fill=random.uniform(0.6, 0.8),
        shift=(random.uniform(-0.06, 0.06), random.uniform(-0.06, 0.06)),
        roll=random.uniform(-12, 12),
        exposure=random.uniform(0.85, 1.15),
        quality=80,
    )


def _surface(random: np.random.Generator, seed: int) -> Backdrop:
    kind = str(random.choice(["paper", "cloth", "wood"]))
    colours = {"paper": PAPER_COLOURS, "cloth": CLOTH_COLOURS, "wood": WOOD_COLOURS}[kind]
    chosen = np.array(colours[int(random.integers(len(colours)))]) * random.uniform(0.85, 1.1)
    span = {"paper": 120.0, "cloth": 70.0, "wood": 110.0}[kind]
    return Backdrop((chosen[0], chosen[1], chosen[2]), kind, span, random.uniform(-40, 40), seed)
