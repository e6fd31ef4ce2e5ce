"""Pieces are closed, face outward, and photograph the same twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lab.render.catalogue import pieces
from lab.render.gems import brilliant, emerald_cut, oval, pear
from lab.render.mesh import Mesh, ball, circle, lathe, prism, shaded, superellipse, tube
from lab.render.parts import upright
from lab.render.queries import write_queries
from lab.render.sample import write_sample


def volume(mesh: Mesh) -> float:
    """Signed volume in mm^3 by the divergence theorem: positive when every face looks outward."""
    a, b, c = np.moveaxis(mesh.vertices[mesh.faces], 1, 0)
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


@pytest.mark.parametrize(
    ("mesh", "expected"),
    [
        (ball(3.0, 96), 4 / 3 * np.pi * 27),
        (tube(upright(9.0, 200), circle(1.0, 64), closed=True), 2 * np.pi**2 * 9),
        (lathe(np.array([[2.0, 0.0], [2.0, 5.0]]), 256), np.pi * 4 * 5),
        (prism(superellipse(10, 10, 40, 256), 4.0, 1e-6), 400.0),
    ],
)
def test_a_mesh_encloses_its_volume_and_faces_outward(mesh: Mesh, expected: float) -> None:
    assert volume(mesh) == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("gem", [brilliant(6.5), oval(6, 8), pear(6, 9), emerald_cut(5, 7)])
def test_a_cut_stone_is_convex_with_its_table_up(gem: Mesh) -> None:
    corners = gem.vertices[gem.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    heights = np.einsum("ij,kj->ik", normals, gem.vertices) - np.einsum("ij,ij->i", normals, corners[:, 0])[:, None]
    assert heights.max() < 1e-6
    assert volume(gem) > 0
    assert gem.vertices[:, 2].max() < -gem.vertices[:, 2].min()


def test_a_brilliant_has_the_proportions_of_an_excellent_cut() -> None:
    gem = brilliant(10.0)
    table = gem.vertices[gem.vertices[:, 2] > gem.vertices[:, 2].max() - 1e-9]
    assert np.linalg.norm(table[:, :2], axis=1).max() * 2 == pytest.approx(5.7)
    assert np.ptp(gem.vertices[:, 2]) / 10 == pytest.approx(0.60, abs=0.02)


def test_normals_are_smooth_on_a_ball_and_flat_on_a_facet() -> None:
    vertices, _, normals = shaded(ball(2.0, 64))
    assert np.einsum("ij,ij->i", vertices / 2.0, normals).min() > 0.99
    _, faces, normals = shaded(brilliant(5.0))
    assert np.allclose(normals[faces[:, 0]], normals[faces[:, 1]], atol=0.02)


def test_every_piece_rests_on_the_table() -> None:
    for piece in pieces():
        lowest = min(part.mesh.vertices[:, 2].min() for part in piece.build())
        assert lowest == pytest.approx(0.0, abs=1e-9), piece.sku


def test_two_renders_of_one_piece_are_the_same_bytes(tmp_path: Path) -> None:
    for run in ("first", "second"):
        write_sample(pieces()[:1], tmp_path / run, size=64, samples=4)
        write_queries(pieces(), 5, tmp_path / run / "queries", count=2, size=64, samples=4)
    first, second = ({p.name: p.read_bytes() for p in (tmp_path / run).rglob("*.*")} for run in ("first", "second"))
    assert len(first) == 6
    assert first == second


def test_another_seed_gives_another_photo(tmp_path: Path) -> None:
    for seed in (5, 6):
        write_queries(pieces()[:1], seed, tmp_path / str(seed), size=64, samples=4)
    name = f"{pieces()[0].sku}.jpg"
    assert (tmp_path / "5" / name).read_bytes() != (tmp_path / "6" / name).read_bytes()
