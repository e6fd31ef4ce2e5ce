"""Models of rendered pieces: whole, in metres, small, and as the renderer has their materials."""

from __future__ import annotations

import io
import json
import struct
from typing import Any

import numpy as np
import pytest
import trimesh

from lab.render.catalogue import Piece, pieces
from lab.render.gltf import glb
from lab.render.parts import extent
from lab.render.sample import MODEL_BYTES, MODELS, modelled
from services.gateway.routes.page import FILES

SHOP = {piece.sku: piece for piece in pieces()}
RING, DROP = (SHOP[sku] for sku in ("RING-DIAMOND-PRINCESS-22", "EAR-AMETHYST-DROP-14"))


def told(data: bytes) -> dict[str, Any]:
    """The document of a .glb."""
    magic, version, length = struct.unpack_from("<4sII", data)
    assert (magic, version, length) == (b"glTF", 2, len(data))
    size, kind = struct.unpack_from("<I4s", data, 12)
    assert kind == b"JSON"
    document: dict[str, Any] = json.loads(data[20 : 20 + size])
    return document


def size_of(piece: Piece) -> Any:
    """Width, height and depth in metres, as the design has them."""
    low, high = extent(modelled(piece))
    return (high - low)[[0, 2, 1]] / 1000


@pytest.mark.parametrize("sku", MODELS)
def test_a_model_of_the_sample_is_one_mesh_of_the_size_of_its_design(sku: str) -> None:
    data = (FILES / "models" / f"{sku}.glb").read_bytes()
    assert len(data) <= MODEL_BYTES
    assert [len(told(data)["meshes"]), len(told(data)["nodes"])] == [1, 1]
    scene = trimesh.load_scene(io.BytesIO(data), file_type="glb")
    assert np.allclose(scene.extents, size_of(SHOP[sku]), rtol=0.02)
    for mesh in scene.geometry.values():
        assert np.allclose(np.linalg.norm(mesh.vertex_normals, axis=1), 1, atol=1e-3)
        outward = np.einsum("ij,ij->i", mesh.face_normals, mesh.vertex_normals[mesh.faces].mean(1))
        assert (outward > 0).mean() > 0.97, "normals and the order of corners agree on which side is outside"


def test_a_ring_stands_up_and_its_stone_is_on_top() -> None:
    scene = trimesh.load_scene(io.BytesIO(glb(modelled(RING), "ring")), file_type="glb")
    metal, stone = (
        next(m for m in scene.geometry.values() if m.visual.material.name == n) for n in ("yellow gold", "diamond")
    )
    assert stone.bounds[0, 1] > metal.bounds.mean(0)[1]


def test_metal_is_metal_of_the_renderers_colour_and_a_stone_lets_light_through() -> None:
    document = told(glb(modelled(RING), "ring"))
    by_name = {one["name"]: one for one in document["materials"]}
    gold = by_name["yellow gold"]["pbrMetallicRoughness"]
    assert gold["metallicFactor"] == 1
    assert gold["baseColorFactor"][0] > gold["baseColorFactor"][1] > gold["baseColorFactor"][2] > 0.2
    assert by_name["diamond"]["extensions"]["KHR_materials_ior"] == {"ior": 2.417}
    assert by_name["diamond"]["extensions"]["KHR_materials_transmission"]["transmissionFactor"] == 0.9
    assert document["extensionsUsed"] == ["KHR_materials_ior", "KHR_materials_transmission"]


def test_a_piece_of_too_many_bytes_loses_triangles_of_its_metal_and_none_of_its_stones() -> None:
    def faces(most: int) -> dict[str, int]:
        document = told(glb(modelled(DROP), "drop", most))
        return {
            document["materials"][one["material"]]["name"]: document["accessors"][one["indices"]]["count"] // 3
            for one in document["meshes"][0]["primitives"]
        }

    whole, small = faces(1_000_000), faces(MODEL_BYTES)
    assert small["rose gold"] < whole["rose gold"]
    assert {**small, "rose gold": 0} == {**whole, "rose gold": 0}
    with pytest.raises(ValueError, match="cannot be 1000"):
        glb(modelled(DROP), "drop", 1_000)
