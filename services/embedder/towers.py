"""Image towers of timm, open_clip and transformers by name, loaded as their makers' own configuration says."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from shared.errors import Permanent


class Tower(NamedTuple):
    """`features`: float32 [N, 3, size, size], (levels / 255 - mean) / deviation -> float32 [N, D] of any length."""

    network: nn.Module
    features: Callable[[Tensor], Tensor]
    size: int
    mean: Sequence[float]
    deviation: Sequence[float]


def open_tower(name: str) -> Tower:
    """`timm:NAME`, `open_clip:NETWORK/WEIGHTS` or `hf:OWNER/NAME`; a folder instead of the name needs no network.

    Raises `Permanent` that says what to install or mend.
    """
    kind, _, rest = name.partition(":")
    loaders = {"timm": _timm, "open_clip": _open_clip, "hf": _hf}
    if kind not in loaders or not rest:
        raise Permanent(f"There is no model {name!r}. Use timm:NAME, open_clip:NETWORK/WEIGHTS or hf:OWNER/NAME.")
    try:
        return loaders[kind](rest)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise Permanent(
            f"The model {name} cannot be had ({type(error).__name__}: {error}). See that the name is right; "
            "fetch its files on a machine with a network, and name their folder here."
        ) from error


def library(name: str) -> ModuleType:
    """The module. Raises `Permanent` that says what to install."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        kind = "hf" if name == "transformers" else name
        package = "open-clip-torch" if name == "open_clip" else name
        raise Permanent(f"Models `{kind}:...` need {name} ({error}): pip install {package}") from error


def weights_sha256(network: nn.Module) -> str:
    """Of all parameters and buffers by name."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _timm(name: str) -> Tower:
    timm = library("timm")
    if Path(name).is_dir():
        name = f"local-dir:{name}"
    elif not timm.is_model(name):
        raise Permanent(f"timm has no model {name!r}; `timm.list_models()` lists those it has.")
    network = timm.create_model(name, pretrained=True, num_classes=0)
    config = timm.data.resolve_model_data_config(network)
    return Tower(network, network, config["input_size"][-1], config["mean"], config["std"])


def _open_clip(name: str) -> Tower:
    open_clip = library("open_clip")
    if Path(name).is_dir():
        network = open_clip.create_model(f"local-dir:{name}")
    else:
        architecture, _, weights = name.rpartition("/")
        if weights not in open_clip.list_pretrained_tags_by_model(architecture):
            raise Permanent(
                f"open_clip has no weights {weights!r} of {architecture!r}; `open_clip.list_pretrained()` lists what "
                "it has. Write open_clip:ViT-B-32/laion2b_s34b_b79k, for example."
            )
        network = open_clip.create_model(architecture, pretrained=weights)
    visual = network.visual
    return Tower(visual, visual, _side(visual.image_size), visual.image_mean, visual.image_std)


def _hf(name: str) -> Tower:
    """Only safetensors are read, and no code that comes with a model is run."""
    transformers = library("transformers")
    config, _ = transformers.ImageProcessingMixin.get_image_processor_dict(name)
    network, loading = transformers.AutoModel.from_pretrained(name, use_safetensors=True, output_loading_info=True)
    missing = [key for key in loading["missing_keys"] if "pooler" not in key]
    if missing:
        raise Permanent(f"The weights of hf:{name} lack {', '.join(sorted(missing)[:3])}: take another model.")
    size = _side(config["crop_size"] if config.get("do_center_crop") else config["size"])
    features = _hf_features(network, pooler_is_random=bool(loading["missing_keys"]))
    return Tower(network, features, size, config["image_mean"], config["image_std"])


def _hf_features(network: Any, pooler_is_random: bool) -> Callable[[Tensor], Tensor]:
    """What the network's maker compares pictures by, else its pooled output, else its first token or its mean place."""

    def features(pictures: Tensor) -> Tensor:
        if hasattr(network, "get_image_features"):
            told = network.get_image_features(pixel_values=pictures)
            compared: Tensor = told if isinstance(told, Tensor) else told.pooler_output
            return compared
        told = network(pixel_values=pictures)
        pooled: Tensor | None = getattr(told, "pooler_output", None)
        if pooled is not None and not pooler_is_random:
            return pooled.flatten(1)
        last: Tensor = told.last_hidden_state
        return last.mean(dim=(2, 3)) if last.ndim == 4 else last[:, 0]

    return features


def _side(size: Any) -> int:
    """Pixels, of the many ways in which libraries say it."""
    if isinstance(size, dict):
        size = size.get("height") or size["shortest_edge"]
    return int(size[0] if isinstance(size, tuple | list) else size)
