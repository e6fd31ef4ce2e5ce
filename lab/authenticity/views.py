"""How pieces are photographed for a comparison: as guided registration asks, and again as guided verification does."""

from __future__ import annotations

from dataclasses import replace

from lab.render.design import Design, Random
from lab.render.parts import Parts, rest, turned
from lab.render.shots import Shot, catalogue_shot, draw_shot

LIGHTS = {"daylight window": 0.35, "phone flash": 0.15, "warm bulb": 0.2, "studio white": 0.3}
AZIMUTH, ELEVATION, ROLL = 9.0, 7.0, 12.0
"""Degrees that a query's camera stands beside the reference's, at most: the guide shows the registered view."""


def front_pose(design: Design) -> str:
    """How a piece lies or stands for its front view: a ring with a head leans, so that the head is seen."""
    poses = design.poses()
    return "leaning" if "leaning" in poses else "lone" if "lone" in poses else poses[0]


def reference_shot(random: Random, pose: str) -> Shot:
    """The registered front view: soft studio light on white or grey, from the front."""
    azimuth, elevation = {"standing": (-22.0, 30.0), "leaning": (-14.0, 50.0)}.get(pose, (0.0, 66.0))
    return replace(
        catalogue_shot(random, pose in ("standing", "leaning"), int(random.integers(2))),
        azimuth=azimuth + float(random.uniform(-6, 6)),
        elevation=elevation + float(random.uniform(-5, 5)),
        fill=0.82,
        quality=90,
    )


def query_shot(random: Random, reference: Shot) -> Shot:
    """The same view again on another day: other light, ground, lens and distance, and a hand that is a little off."""
    names = list(LIGHTS)
    shot = draw_shot(random, reference.elevation < 55, names[int(random.choice(len(names), p=list(LIGHTS.values())))])
    return replace(
        shot,
        azimuth=reference.azimuth + float(random.uniform(-AZIMUTH, AZIMUTH)),
        elevation=reference.elevation + float(random.uniform(-ELEVATION, ELEVATION)),
        roll=reference.roll + float(random.uniform(-ROLL, ROLL)),
        focal=float(random.uniform(38, 85)),
        fill=float(random.uniform(0.64, 0.84)),
        aperture=0.0,
        adapted=float(random.uniform(0.6, 0.95)),
        noise=min(shot.noise, 0.012),
        blur=min(shot.blur, 0.4),
        quality=int(random.integers(78, 92)),
    )


def glaring(random: Random, reference: Shot) -> Shot:
    """A photo that cannot tell: a flash straight on, so that much of the piece is blown out."""
    shot = draw_shot(random, reference.elevation < 55, "phone flash")
    return replace(
        shot,
        azimuth=reference.azimuth + float(random.uniform(-AZIMUTH, AZIMUTH)),
        elevation=reference.elevation + float(random.uniform(-ELEVATION, ELEVATION)),
        fill=float(random.uniform(0.64, 0.84)),
        aperture=0.0,
        exposure=float(random.uniform(4.5, 7.0)),
    )


def turned_over(parts: Parts, pose: str) -> Parts:
    """The piece from its other side: a lying one on its face, a standing or leaning one from behind."""
    return turned(parts, "z", 180) if pose in ("standing", "leaning") else rest(turned(parts, "y", 180))
