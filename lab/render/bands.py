"""A ring's band, standing about the y axis with its top towards +z."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from lab.render import ornaments
from lab.render.gems import brilliant
from lab.render.mesh import Array, Mesh, ball, circle, hammered, merge, superellipse, tube
from lab.render.parts import Part, Parts, stones, upright

RADIUS = 8.5
BANDS = {
    "domed": 3,
    "flat": 1.5,
    "knife": 1,
    "milgrain": 1,
    "rope": 1,
    "split": 1.2,
    "pave": 2,
    "taper": 1.5,
    "braid": 1,
}
"""Bands that carry a head, with how often each is drawn."""
WIDE = {
    "domed": 3, "flat": 3, "knife": 1, "concave": 1, "milgrain": 1.2, "rope": 1.2, "twist": 1.2, "braid": 1.5,
    "pave": 1.2, "stack": 1.2, "open": 1.2, "lattice": 1.2,
}  # fmt: skip
"""Bands worn by themselves."""


class Banded(Protocol):
    """What a band needs to know of its ring."""

    @property
    def metal(self) -> str: ...
    @property
    def alloy(self) -> str: ...
    @property
    def finish(self) -> str: ...
    @property
    def band(self) -> str: ...
    @property
    def width(self) -> float: ...
    @property
    def thickness(self) -> float: ...
    @property
    def engraving(self) -> str: ...
    @property
    def accent(self) -> str: ...


def band(ring: Banded) -> Parts:
    """The band of `ring`, its inside at `RADIUS`."""
    w, t = ring.width, ring.thickness
    path = upright(RADIUS + t / 2, 240)
    if ring.band in ("domed", "flat"):
        section = superellipse(w, t, 2.2 if ring.band == "domed" else 7, 48)
        mesh = tube(path, section, closed=True)
        if ring.finish == "hammered":
            mesh = hammered(mesh, 1.3, 0.16)
        parts = [Part(mesh, ring.alloy)]
        if ring.engraving != "none":
            parts.append(
                ornaments.engraved_band(ring.engraving, RADIUS + t, w, 0.34 * t if ring.band == "domed" else 0.0)
            )
        return parts
    if ring.band == "milgrain":
        body = tube(path, superellipse(0.86 * w, t, 4, 32), closed=True)
        rows = [ornaments.standing_beads(RADIUS + 0.86 * t, way * 0.43 * w, 0.3 + 0.07 * w) for way in (-1, 1)]
        return [Part(body, ring.alloy), Part(merge(rows), ring.metal)]
    if ring.band == "pave":
        return _pave(ring, path)
    if ring.band == "split":
        lift = np.clip(path[:, 2] / path[:, 2].max(), 0, 1) ** 2
        arms = [path + np.stack([0 * lift, way * 0.62 * w * lift, 0 * lift], -1) for way in (-1, 1)]
        return [Part(merge([tube(arm, superellipse(0.55 * w, t, 2.4), closed=True) for arm in arms]), ring.alloy)]
    if ring.band == "stack":
        third = superellipse(0.3 * w, t, 2.2, 24)
        rows = [tube(path + np.array([0, y * w, 0]), third, closed=True) for y in (-0.34, 0.0, 0.34)]
        return [Part(merge(rows), ring.alloy)]
    if ring.band == "braid":
        return [Part(_braid(w, t), ring.alloy)]
    if ring.band == "lattice":
        return [Part(_lattice(w, t), ring.alloy)]
    if ring.band == "open":
        return [Part(_open(w, t), ring.alloy)]
    if ring.band == "taper":
        scale = 0.72 + 0.5 * (np.abs(path[:, 2] / path[:, 2].max() - 1) / 2)
        return [Part(tube(path, superellipse(w, t, 2.2, 40), closed=True, scale=scale), ring.alloy)]
    section, turns = _section(ring.band, w, t)
    return [Part(tube(upright(RADIUS + t / 2, 480 if turns else 120), section, closed=True, turns=turns), ring.alloy)]


def _section(kind: str, w: float, t: float) -> tuple[Array, int]:
    if kind == "knife":
        points = [(0.5, -0.5), (0.5, -0.05), (0.02, 0.62), (-0.02, 0.62), (-0.5, -0.05), (-0.5, -0.5)]
        return np.array(points) * (w, t), 0
    if kind == "concave":
        points = [
            (0.5, -0.5),
            (0.5, 0.5),
            (0.42, 0.5),
            (0.25, 0.12),
            (0.0, 0.0),
            (-0.25, 0.12),
            (-0.42, 0.5),
            (-0.5, 0.5),
            (-0.5, -0.5),
        ]
        return np.array(points) * (w, t), 0
    if kind == "twist":
        side = 0.5 * (min(w, 4.5) + t)
        return superellipse(side, side, 6, 32), 7
    size = 0.6 * (min(w, 4.5) + t)
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    return circle(1.0, 48) * (size / 2 * (0.8 + 0.2 * np.abs(np.cos(1.5 * angle))))[:, None], 7


def _pave(ring: Banded, path: Array) -> Parts:
    w, t = ring.width, ring.thickness
    rows = max(1, round(w / 2.1))
    size = min(0.78 * w / rows, 1.9)
    radius = RADIUS + t
    step = np.degrees(1.08 * size / radius)
    set_stones, beads = [], []
    for row in range(rows):
        y = (row - (rows - 1) / 2) * 1.05 * size
        for i in range(int(104 / step)):
            angle = -104 + step * (2 * i + row % 2)
            set_stones.append(brilliant(size).moved(y=y, z=radius + 0.05).turned("y", angle))
            for way in (-1, 1):
                bead = ball(0.13 * size + 0.06, 6).moved(y=y + way * 0.5 * size, z=radius + 0.06)
                beads.append(bead.turned("y", angle + step))
    body = tube(path, superellipse(w, t, 5, 32), closed=True)
    return [Part(body, ring.alloy), stones("round", ring.accent, set_stones), Part(merge(beads), ring.metal)]


def _braid(w: float, t: float) -> Mesh:
    around = np.linspace(0, 2 * np.pi, 480, endpoint=False)
    wires = []
    for k in range(3):
        phase = 9 * around + 2 * np.pi * k / 3
        radius = RADIUS + t / 2 + 0.24 * t * np.cos(2 * phase)
        y = 0.33 * w * np.sin(phase)
        wires.append(
            tube(
                np.stack([radius * np.sin(around), y, radius * np.cos(around)], -1),
                circle(0.17 * w + 0.12, 12),
                closed=True,
            )
        )
    return merge(wires)


def _lattice(w: float, t: float) -> Mesh:
    """Two rims with a zigzag of wire between them."""
    around = np.linspace(0, 2 * np.pi, 480, endpoint=False)
    radius = RADIUS + t / 2
    rims = [
        tube(upright(radius) + np.array([0, y, 0]), superellipse(0.16 * w, t, 3, 16), closed=True)
        for y in (-0.42 * w, 0.42 * w)
    ]
    wires = []
    for phase in (0.0, np.pi):
        y = 0.38 * w * np.sin(10 * around + phase)
        wires.append(
            tube(
                np.stack([radius * np.sin(around), y, radius * np.cos(around)], -1),
                circle(0.07 * w + 0.1, 10),
                closed=True,
            )
        )
    return merge(rims + wires)


def _open(w: float, t: float) -> Mesh:
    angle = np.linspace(np.radians(20), np.radians(340), 120)
    path = (RADIUS + t / 2) * np.stack([np.sin(angle), 0 * angle, np.cos(angle)], -1)
    size = 0.55 * w + 0.8
    balls = [ball(size / 1.6).moved(*end) for end in (path[0], path[-1])]
    return merge([tube(path, circle(0.26 * w + 0.3)), *balls])
