"""From torch to ONNX; the network with ImageNet's weights alone as a model folder, which is the floor."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from lab.vectors import CACHE
from services.embedder.lite_network import LiteNetwork, weights_path
from services.embedder.manifest import ENCODER, Manifest, file_sha256
from services.embedder.onnx_encoder import OnnxEncoder
from services.embedder.torch_encoder import TorchEncoder

FROZEN = CACHE / "models" / "efficientnet-lite2-1"
INPUT_SIZE = 260
DIMENSION = 1280
GEM_P = 3.0
PREPROCESSING = "RGB, whole picture letterboxed on white to the square (bicubic), (x - 127) / 128, channels first"
MIN_COSINE = 0.999


def frozen(folder: Path = FROZEN) -> Path:
    """The folder of the network that nobody trained further, made where it is missing. It has no heads.

    Raises `SystemExit` when torch and ONNX differ.
    """
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder.parent) as made:
            freeze(Path(made), folder.name)
            with suppress(OSError):  # another process was faster
                Path(made).rename(folder)
    return folder


def freeze(folder: Path, version: str) -> None:
    """Write encoder.onnx and a first manifest.json into an existing `folder`; `train-heads` may follow."""
    network = LiteNetwork(GEM_P).eval()
    model = onnx.load_from_string(to_onnx(network, INPUT_SIZE))
    store_as_half(model.graph)
    onnx.checker.check_model(model)
    onnx.save(model, folder / ENCODER)
    manifest = Manifest(
        version=version,
        dimension=DIMENSION,
        input_size=INPUT_SIZE,
        preprocessing=PREPROCESSING,
        gem_p=GEM_P,
        torch_weights_sha256=file_sha256(weights_path()),
        files={ENCODER: file_sha256(folder / ENCODER)},
        no_match_below=0.0,
    )
    lowest_cosine(folder, manifest)
    (folder / "manifest.json").write_text(manifest.model_dump_json(indent=2) + "\n")


def to_onnx(network: nn.Module, size: int, outputs: Sequence[str] = ("vectors",)) -> bytes:
    """The network as ONNX: `pictures` float32 [n, 3, size, size] -> `outputs`, each with n rows."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter says that it has a successor
        torch.onnx.export(
            network,
            (torch.zeros(2, 3, size, size),),
            buffer,  # type: ignore[arg-type]  # the TorchScript exporter takes a file; its signature does not say so
            input_names=["pictures"],
            output_names=list(outputs),
            dynamic_axes={name: {0: "n"} for name in ("pictures", *outputs)},
            opset_version=17,
            dynamo=False,
        )
    return buffer.getvalue()


def store_as_half(graph: onnx.GraphProto) -> None:
    """Keep weights of more than 64 values as float16 behind a Cast: half the file; the runtime folds the cast away."""
    for tensor in list(graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or int(np.prod(tensor.dims)) <= 64:
            continue
        half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f"{tensor.name}.half")
        cast = helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT)
        graph.initializer.remove(tensor)
        graph.initializer.append(half)
        graph.node.insert(0, cast)


def store_in_8_bits(graph: onnx.GraphProto, scope: str) -> None:
    """Keep the convolutions of a part of the network as int8 and a step a channel, as `in_8_bits` left them.

    Batch norm, folded in, scales whole channels, so nothing is lost. The runtime folds both operations away.
    """
    weights = {node.input[1] for node in graph.node if node.op_type == "Conv" and node.name.startswith(f"/{scope}/")}
    for tensor in [one for one in graph.initializer if one.name in weights]:
        whole = numpy_helper.to_array(tensor)
        step = np.maximum(np.abs(whole).max(axis=(1, 2, 3), keepdims=True), 1e-12) / np.float32(127)
        steps = numpy_helper.from_array(np.round(whole / step).astype(np.int8), f"{tensor.name}.steps")
        sizes = numpy_helper.from_array(step.astype(np.float32), f"{tensor.name}.step")
        cast = helper.make_node("Cast", [steps.name], [f"{tensor.name}.cast"], to=TensorProto.FLOAT)
        scaled = helper.make_node("Mul", [cast.output[0], sizes.name], [tensor.name])
        graph.initializer.remove(tensor)
        graph.initializer.extend([steps, sizes])
        graph.node.insert(0, scaled)
        graph.node.insert(0, cast)


def lowest_cosine(folder: Path, manifest: Manifest) -> float:
    """The lowest cosine between torch and ONNX vectors over 16 random pictures; `SystemExit` when it is under 0.999."""
    noise = np.random.default_rng(7).normal(0, 0.6, (16, 3, manifest.input_size, manifest.input_size))
    batch = noise.astype(np.float32)
    ours = OnnxEncoder(folder, manifest, threads=2).forward(batch)
    theirs = TorchEncoder(folder, manifest, "cpu").forward(batch)
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    lowest = float(((ours * theirs).sum(axis=1) / lengths).min())
    if lowest < MIN_COSINE:
        raise SystemExit(f"encoder.onnx differs from torch: lowest cosine {lowest:.5f}, needed {MIN_COSINE}")
    return lowest
