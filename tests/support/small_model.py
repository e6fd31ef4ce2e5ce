"""A second model for tests: a picture's colours in a grid of 4 x 4, 48 numbers, and a type head of noise.

It can be made hungry: then it asks for as much memory as one wants.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from services.embedder.heads import Head, Heads
from services.embedder.manifest import ENCODER, HEADS, HeadClasses, Manifest, file_sha256

VERSION = "colour-grid-1"
DIMENSION = 48
_SIDE = 64
_GRID = 4


def small_model(folder: Path, hunger: int = 0) -> Path:
    """Write the model folder; the folder. A forward of n pictures takes 2 ** (`hunger` * n) numbers of memory besides.

    From 2 ** 48 on no machine has them. n times `hunger` is at most 60, as onnxruntime counts.
    """
    folder.mkdir(parents=True)
    cell = _SIDE // _GRID
    pooled = helper.make_node("AveragePool", ["pictures"], ["grid"], kernel_shape=[cell, cell], strides=[cell, cell])
    flat = helper.make_node("Flatten", ["grid"], ["flat"])
    unit = helper.make_node("LpNormalization", ["flat"], ["unit"], axis=1, p=2)
    eats = [
        helper.make_node("Shape", ["pictures"], ["n"], start=0, end=1),
        helper.make_node("Mul", ["n", "hunger"], ["power"]),
        helper.make_node("Pow", ["two", "power"], ["numbers"]),
        helper.make_node("ConstantOfShape", ["numbers"], ["eaten"]),
        helper.make_node("ReduceSum", ["eaten"], ["nothing"], keepdims=0),
        helper.make_node("Add", ["unit", "nothing"], ["vectors"]),
    ]
    graph = helper.make_graph(
        [pooled, flat, unit, *eats],
        VERSION,
        [helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["n", 3, _SIDE, _SIDE])],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", DIMENSION])],
        [numpy_helper.from_array(np.array([each]), name) for name, each in (("hunger", hunger), ("two", 2))],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(folder / ENCODER)
    )
    types = HeadClasses(classes=["ring", "watch"], temperature=1.0, min_confidence=0.9)
    noise = np.random.default_rng(1).normal(size=(2, DIMENSION)).astype(np.float32)
    Heads({"type": Head(noise, np.zeros(2, dtype=np.float32), types)}).save(folder / HEADS)
    manifest = Manifest(
        version=VERSION,
        dimension=DIMENSION,
        input_size=_SIDE,
        preprocessing="as every model",
        gem_p=1.0,
        torch_weights_sha256="none",
        files={name: file_sha256(folder / name) for name in (ENCODER, HEADS)},
        no_match_below=0.5,
        look_at_least=0.5,
        heads={"type": types},
    )
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    return folder
