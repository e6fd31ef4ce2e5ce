"""Where a shop says that the 3-D model of a piece is: on the origin of the page, and nowhere else."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from shared.contracts.api import ItemIn, ItemPatch


@pytest.mark.parametrize("address", ["/models/RING-1.glb", "/page/models/a%20ring.glb"])
def test_a_path_of_a_binary_gltf_is_taken(address: str) -> None:
    assert ItemIn(title="Ring", model_url=address).model_url == address


@pytest.mark.parametrize(
    "address",
    [
        "https://shop.example/a.glb",
        "//shop.example/a.glb",
        "/\\shop.example/a.glb",
        "javascript:a.glb",
        "/a.svg",
        "/a\n.glb",
    ],
)
@pytest.mark.parametrize("kind", [ItemIn, ItemPatch])
def test_another_origin_or_another_kind_of_file_is_refused(kind: type[ItemIn | ItemPatch], address: str) -> None:
    with pytest.raises(ValidationError, match="model_url"):
        kind(title="Ring", model_url=address)
