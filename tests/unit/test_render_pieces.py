"""Designs are closed meshes that rest on the table, follow from their fields, and are cut as their sources say."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from lab.render import gems
from lab.render.catalogue import pieces
from lab.render.design import Design, stones_of, to_json
from lab.render.designs import TYPES, draw, draw_family, from_json
from lab.render.mesh import Mesh, ball, circle, lathe, prism, shaded, superellipse, tube, volume
from lab.render.parts import Parts, upright
from lab.render.rings import Ring

DRAWN = 6


def drawn(kind: str, seed: int) -> Design:
    return draw(np.random.default_rng([seed, 3]), kind)


def lowest(parts: Parts) -> float:
    return float(min(part.mesh.vertices[:, 2].min() for part in parts))


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


@pytest.mark.parametrize("cut", sorted(gems.PROPORTIONS))
def test_a_cut_stone_is_convex_with_its_table_up_and_the_proportions_of_its_source(cut: str) -> None:
    allowed = gems.PROPORTIONS[cut]
    width = 8.0
    gem = gems.CUTS[cut](width, width * allowed.ratio[0])
    corners = gem.vertices[gem.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    heights = np.einsum("ij,kj->ik", normals, gem.vertices) - np.einsum("ij,ij->i", normals, corners[:, 0])[:, None]
    assert heights.max() < 1e-6
    assert volume(gem) > 0
    table = gem.vertices[gem.vertices[:, 2] > gem.vertices[:, 2].max() - 1e-9]
    across = np.ptp(gem.vertices, axis=0)
    assert across[1] / across[0] == pytest.approx(allowed.ratio[0], rel=0.02)
    assert allowed.table[0] - 0.01 <= np.ptp(table[:, 0]) / across[0] <= allowed.table[1] + 0.01
    assert allowed.depth[0] - 0.01 <= across[2] / across[0] <= allowed.depth[1] + 0.01


def test_normals_are_smooth_on_a_ball_and_flat_on_a_facet() -> None:
    vertices, _, normals = shaded(ball(2.0, 64))
    assert np.einsum("ij,ij->i", vertices / 2.0, normals).min() > 0.99
    _, faces, normals = shaded(gems.brilliant(5.0))
    assert np.allclose(normals[faces[:, 0]], normals[faces[:, 1]], atol=0.02)


@pytest.mark.parametrize("kind", TYPES)
def test_drawn_designs_rest_on_the_table_face_outward_and_outlive_json(kind: str) -> None:
    for seed in range(DRAWN):
        design = drawn(kind, seed)
        assert from_json(to_json(design)) == design
        for pose in design.poses():
            parts = design.parts(pose)
            assert lowest(parts) == pytest.approx(0.0, abs=1e-9), to_json(design)
            for part in parts:
                assert np.isfinite(part.mesh.vertices).all(), to_json(design)
                assert volume(part.mesh) > 0, (part.material, to_json(design))


def test_the_same_seed_draws_the_same_design_and_others_differ() -> None:
    drawn_twice = [[drawn(kind, seed).item_id for kind in TYPES for seed in range(40)] for _ in range(2)]
    assert drawn_twice[0] == drawn_twice[1]
    assert len(set(drawn_twice[0])) == len(drawn_twice[0])


def test_the_stones_of_a_design_are_counted_from_what_is_built() -> None:
    ring = Ring(head="halo", stone="ruby", cut="oval", ratio=1.4, accent="diamond")
    centre, accents = stones_of(ring.parts("standing"))
    assert centre == {"kind": "ruby", "cut": "oval", "colour": "red", "count": 1}
    assert (accents["kind"], accents["cut"]) == ("diamond", "round")
    assert accents["count"] > 15


@pytest.mark.parametrize("seed", range(6))
def test_near_twins_differ_in_exactly_the_recorded_field_and_look_different(seed: int) -> None:
    family = draw_family(np.random.default_rng([seed, 5]), 4)
    fields = [dataclasses.asdict(member) for member in family.members]
    for i, one in enumerate(fields):
        for other in fields[:i]:
            assert {name for name in one if one[name] != other[name]} == {family.differs}
    looks = {
        tuple((p.material, len(p.mesh.vertices), round(float(p.mesh.vertices.sum()), 3)) for p in m.parts(m.poses()[0]))
        for m in family.members
    }
    assert len(looks) == len(family.members) >= 3


def test_the_right_earring_mirrors_the_left() -> None:
    parts = next(drawn("earring", seed) for seed in range(40) if "stud" in drawn("earring", seed).style).parts("lying")
    half = len(parts) // 2
    for left, right in zip(parts[:half], parts[half:], strict=True):
        assert left.material == right.material
        assert np.allclose(left.mesh.vertices * (-1, 1, 1), right.mesh.vertices)


def test_every_piece_of_the_catalogue_can_be_built_and_has_words() -> None:
    for piece in pieces():
        parts = piece.design.parts(piece.pose)
        told = piece.words(parts)
        assert lowest(parts) == pytest.approx(0.0, abs=1e-9), piece.sku
        assert len(told.title) > 5
        assert told.description.endswith(".")
        assert 50 <= told.price <= 60_000
