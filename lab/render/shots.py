"""How pieces are photographed: the light, what lies below, where the camera is and what it does to the picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lab.render.backdrops import Backdrop
from lab.render.lights import Light, Room
from lab.render.materials import RGB

Random = np.random.Generator

BULB, FLASH, WINDOW = (1.0, 0.71, 0.42), (1.0, 0.97, 0.93), (0.85, 0.93, 1.0)
"""A bulb of about 3,000 K, a flash of 5,500 K and window light of 7,000 K, relative to a 6,500 K white."""
LIGHTS = ("studio white", "daylight window", "phone flash", "warm bulb", "dark velvet")

COLOURS: dict[str, list[RGB]] = {
    "paper": [(0.8, 0.76, 0.7), (0.62, 0.64, 0.68), (0.85, 0.78, 0.76), (0.5, 0.48, 0.45), (0.68, 0.74, 0.7)],
    "acrylic": [(0.9, 0.9, 0.9), (0.015, 0.015, 0.015), (0.75, 0.66, 0.64)],
    "cloth": [
        (0.05, 0.05, 0.06),
        (0.03, 0.05, 0.12),
        (0.16, 0.03, 0.05),
        (0.5, 0.44, 0.36),
        (0.24, 0.22, 0.2),
        (0.6, 0.6, 0.58),
    ],
    "velvet": [(0.012, 0.012, 0.014), (0.012, 0.016, 0.05), (0.06, 0.008, 0.014), (0.008, 0.03, 0.02)],
    "wood": [(0.36, 0.2, 0.1), (0.5, 0.34, 0.19), (0.16, 0.08, 0.045), (0.56, 0.44, 0.3)],
    "marble": [(0.78, 0.77, 0.75), (0.72, 0.69, 0.64), (0.03, 0.03, 0.034), (0.06, 0.12, 0.09)],
    "skin": [(0.60, 0.40, 0.30), (0.48, 0.29, 0.2), (0.3, 0.165, 0.1), (0.14, 0.07, 0.042), (0.7, 0.5, 0.41)],
    "print": [(0.75, 0.72, 0.66), (0.6, 0.3, 0.28), (0.14, 0.2, 0.34), (0.5, 0.55, 0.4)],
    "leather": [(0.2, 0.09, 0.045), (0.03, 0.03, 0.032), (0.36, 0.25, 0.15)],
    "slate": [(0.09, 0.095, 0.1), (0.2, 0.2, 0.2), (0.34, 0.32, 0.29)],
}
"""Linear reflectances by kind of backdrop, chosen by eye."""


@dataclass(frozen=True)
class Shot:
    """One photograph to be taken.

    The camera stands `azimuth` degrees to the right of the front and `elevation` above the table; `focal` is its focal
    length in mm beside a sensor 24 mm square, `aperture` the lens's radius over the distance (0: all sharp). The piece
    spans `fill` of the frame, moved by `shift` (right, up) in shares of the frame; `roll` in degrees.
    `adapted` is how far the white balance follows the light (0..1), `balance` an error on top of it; `exposure` a
    factor; `noise` the sensor's deviation at white; `blur` a deviation in pixels of a 256 pixel picture.
    """

    light: str
    room: Room
    backdrop: Backdrop
    azimuth: float
    elevation: float
    focal: float = 90.0
    aperture: float = 0.0
    fill: float = 0.82
    shift: tuple[float, float] = (0.0, 0.0)
    roll: float = 0.0
    adapted: float = 0.7
    balance: RGB = (1.0, 1.0, 1.0)
    exposure: float = 1.0
    noise: float = 0.0
    blur: float = 0.0
    quality: int = 85

    def camera(self) -> dict[str, Any]:
        """What is told of the camera in a manifest."""
        names = ("azimuth", "elevation", "focal", "aperture", "fill", "roll", "exposure", "noise", "blur", "quality")
        return {name: round(float(getattr(self, name)), 3) for name in names}


def draw_shot(random: Random, standing: bool, light: str | None = None) -> Shot:
    """A photograph by chance; `standing` pieces are seen from lower than lying ones."""
    light = light or str(random.choice(LIGHTS))
    phone = light in ("phone flash", "warm bulb") or (light == "daylight window" and random.random() < 0.7)
    shot = Shot(
        light=light,
        room=_room(light, random),
        backdrop=_under(light, random),
        azimuth=float(random.uniform(-40, 40)),
        elevation=float(random.uniform(18, 52) if standing else random.uniform(40, 84)),
        focal=float(random.uniform(24, 60) if phone else random.uniform(60, 120)),
        aperture=float(random.choice([0.0, 0.0, 0.01, 0.018])),
        fill=float(random.uniform(0.5, 0.86)),
        shift=(float(random.uniform(-0.06, 0.06)), float(random.uniform(-0.06, 0.06))),
        roll=float(random.uniform(-16, 16) if phone else random.uniform(-5, 5)),
        adapted=float(random.uniform(0.45, 0.95)),
        exposure=float(np.exp(random.normal(0.02, 0.14))),
        quality=int(random.integers(62, 90)),
    )
    if not phone:
        return shot
    tint = np.exp(random.normal(0, 0.05, 3))
    return replace(
        shot,
        balance=(float(tint[0]), float(tint[1]), float(tint[2])),
        noise=float(random.uniform(0.004, 0.022)),
        blur=float(random.choice([0.0, 0.0, 0.4, 0.8])),
    )


def catalogue_shot(random: Random, standing: bool, view: int) -> Shot:
    """The shop's own view 0, 1 or 2: white sweep, soft grey or warm paper, then a styled surface."""
    light = "studio white" if view < 2 else str(random.choice(["daylight window", "dark velvet", "studio white"]))
    shot = Shot(
        light=light,
        room=_room(light, random),
        backdrop=Backdrop("paper", (0.93, 0.93, 0.93), seed=int(random.integers(1 << 30))),
        azimuth=(-22.0, 26.0, 4.0)[view] + float(random.uniform(-5, 5)),
        elevation=((25.0, 38.0, 30.0) if standing else (58.0, 44.0, 72.0))[view] + float(random.uniform(-4, 4)),
        focal=90.0,
        fill=0.84 - 0.04 * view,
        roll=float(random.uniform(-3, 3)),
        adapted=0.85,
        quality=84,
    )
    if view == 1:
        colour = COLOURS["paper"][int(random.integers(len(COLOURS["paper"])))]
        return replace(shot, backdrop=Backdrop("paper", colour, seed=int(random.integers(1 << 30))))
    if view == 2:
        return replace(shot, backdrop=_under(light if light != "studio white" else "daylight window", random))
    return shot


def _under(light: str, random: Random) -> Backdrop:
    seed = int(random.integers(1 << 30))
    turned, span = float(random.uniform(-40, 40)), float(random.uniform(1.6, 3.2))
    if light == "dark velvet":
        kind = str(random.choice(["velvet", "velvet", "velvet", "slate", "leather"]))
    elif light == "studio white":
        white = float(random.uniform(0.86, 0.95))
        if random.random() < 0.75:
            return Backdrop("paper", (white, white, white), span, turned, seed)
        kind = str(random.choice(["paper", "acrylic", "marble"]))
    else:
        kind = str(random.choice(["wood", "marble", "cloth", "skin", "print", "paper", "leather", "slate"]))
    colours = COLOURS[kind][:2] if light == "dark velvet" and kind == "slate" else COLOURS[kind]
    base = np.array(colours[int(random.integers(len(colours)))]) * random.uniform(0.85, 1.12)
    return Backdrop(kind, (float(base[0]), float(base[1]), float(base[2])), span, turned, seed)


def _room(light: str, random: Random) -> Room:
    return {
        "studio white": _studio,
        "daylight window": _window,
        "phone flash": _flash,
        "warm bulb": _bulb,
        "dark velvet": _velvet,
    }[light](random)


def _studio(random: Random) -> Room:
    """Two large soft boxes and a strip, black cards between them."""
    key = float(random.choice([-1, 1])) * random.uniform(80, 120)
    lights = [
        Light(key, 48, 56, 46, 4.6, FLASH),
        Light(key + 185 + random.uniform(-20, 20), 38, 44, 46, 2.6, FLASH),
        Light(random.uniform(-15, 15), 66, 100, 22, 3.4, FLASH),
        Light(key + 62, 24, 26, 60, 0.0),
        Light(key - 66, 30, 22, 54, 0.0),
        Light(180, 62, 34, 26, 0.02),
        *_spots(random, 3, 26.0),
    ]
    return Room(lights, (0.42, 0.42, 0.43), (0.2, 0.2, 0.2))


def _window(random: Random) -> Room:
    """One tall window of four panes in a dim room."""
    side = float(random.choice([-1, 1])) * random.uniform(55, 115)
    up, wide, tall = random.uniform(30, 42), random.uniform(50, 70), random.uniform(44, 56)
    panes = [
        Light(
            side + x * wide / 4 / np.cos(np.radians(up)), up + y * tall / 4, 0.46 * wide, 0.46 * tall, 6.0, WINDOW, 0.05
        )
        for x in (-1, 1)
        for y in (-1, 1)
    ]
    dark = Light(side + 180, 20, 120, 50, 0.05, (1.0, 0.9, 0.8), 0.4)
    return Room([dark, *panes, *_spots(random, 1, 10.0)], (0.34, 0.35, 0.36), (0.2, 0.19, 0.18))


def _flash(random: Random) -> Room:
    """A small hard flash beside the lens in a dim warm room."""
    lights = [
        Light(random.uniform(0, 360), 70, 40, 20, 1.2, BULB),
        Light(random.uniform(-60, 60), 18, 40, 26, 0.5, WINDOW, 0.3),
        Light(180 + random.uniform(-8, 8), random.uniform(52, 66), 13, 11, 70.0, FLASH, 0.3),
    ]
    return Room(lights, (0.26, 0.22, 0.17), (0.13, 0.11, 0.09))


def _bulb(random: Random) -> Room:
    """One or two lamps in a warm room."""
    first = random.uniform(0, 360)
    lights = [Light(first, random.uniform(40, 66), 24, 22, 26.0, BULB, 0.3)]
    if random.random() < 0.5:
        lights.append(Light(first + random.uniform(90, 200), random.uniform(24, 50), 20, 20, 11.0, BULB, 0.3))
    lights.append(Light(first + 150, 16, 70, 46, 0.03, BULB, 0.4))
    return Room(lights, (0.5, 0.36, 0.22), (0.26, 0.18, 0.11))


def _velvet(random: Random) -> Room:
    """A dark studio: one soft box, a rim strip and pinpoint lights for the stones."""
    key = float(random.choice([-1, 1])) * random.uniform(60, 130)
    lights = [
        Light(key, 52, 46, 38, 5.0, FLASH),
        Light(-0.6 * key, 24, 16, 44, 3.6, FLASH),
        Light(random.uniform(-20, 20), 70, 70, 14, 3.0, FLASH),
        *_spots(random, 4, 40.0),
    ]
    return Room(lights, (0.1, 0.1, 0.1), (0.045, 0.045, 0.05))


def _spots(random: Random, count: int, radiance: float) -> list[Light]:
    """Pinpoint lights: what makes a cut stone sparkle."""
    return [
        Light(float(random.uniform(0, 360)), float(random.uniform(38, 80)), 7, 7, radiance, FLASH, 0.3)
        for _ in range(count)
    ]
