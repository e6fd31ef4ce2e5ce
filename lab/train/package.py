"""A trained model as the folder that the embedder runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import onnx
import torch
from safetensors.torch import save_file
from torch import Tensor

from lab.export import PREPROCESSING, lowest_cosine, store_in_8_bits, to_onnx
from lab.train.fusion import Fusion
from services.embedder.lite_network import HEAD_CHANNELS, weights_path
from services.embedder.loupe_network import LoupeNetwork
from services.embedder.manifest import ENCODER, TRAINED, Manifest, file_sha256
from services.embedder.torch_encoder import load_network


def package(
    folder: Path,
    trunk_weights: Mapping[str, Tensor],
    fusion: Fusion,
    gem_p: float,
    size: int,
    training: Mapping[str, str],
) -> float:
    """Write trained.safetensors, encoder.onnx made from it, and a first manifest.json; `train-heads` must follow.

    Returns the lowest cosine between torch and ONNX on 16 random pictures; raises `SystemExit` when it is under 0.999.
    """
    folder.mkdir(parents=True, exist_ok=True)
    network = LoupeNetwork(gem_p, len(fusion.deep.bias), len(fusion.colours.bias)).eval()
    network.features.trunk.load_state_dict(dict(trunk_weights), strict=False)
    network.load_state_dict(
        {
            "whiten.weight": torch.from_numpy(fusion.deep.weight),
            "whiten.bias": torch.from_numpy(fusion.deep.bias),
            "whiten_colours.weight": torch.from_numpy(fusion.colours.weight),
            "whiten_colours.bias": torch.from_numpy(fusion.colours.bias),
            "colour_weight": torch.tensor(fusion.colour_weight),
        },
        strict=False,
    )
    save_file({name: _stored(value) for name, value in network.trained().items()}, folder / TRAINED)
    manifest = Manifest(
        version=folder.name,
        dimension=len(fusion.deep.bias) + len(fusion.colours.bias),
        feature_dimension=HEAD_CHANNELS,
        input_size=size,
        preprocessing=PREPROCESSING,
        gem_p=gem_p,
        torch_weights_sha256=file_sha256(weights_path()),
        training=dict(training),
        files={TRAINED: file_sha256(folder / TRAINED)},
        no_match_below=0.0,
        form_dimension=len(fusion.deep.bias),
    )
    model = onnx.load_from_string(to_onnx(load_network(folder, manifest), size))
    store_in_8_bits(model.graph, "general")
    onnx.checker.check_model(model)
    onnx.save(model, folder / ENCODER)
    manifest = manifest.model_copy(update={"files": manifest.files | {ENCODER: file_sha256(folder / ENCODER)}})
    (folder / "manifest.json").write_text(manifest.model_dump_json(indent=2) + "\n")
    return lowest_cosine(folder, manifest)


def _stored(value: Tensor) -> Tensor:
    """Matrices as half; vectors (biases, batch norm) as they are: they are few, and a variance may be large."""
    return (value.half() if value.ndim > 1 else value).contiguous()
