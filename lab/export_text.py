"""The sentence model as a graph for onnxruntime. The weights stay in the package that the embedder reads them from."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto
from torch import Tensor, nn
from transformers import BertModel

from services.embedder.text_encoder import GRAPH, SHIPPED_TEXT, WEIGHTS, TextEncoder, package_folder

MIN_COSINE = 0.9999
SENTENCES = (
    "a rose gold ring with an emerald",
    "Pearl earrings",
    "",
    "Collier aus Weißgold mit Brillanten, 45 cm; auf Anfrage auch in Gelbgold. " * 20,
)


class _Sentence(nn.Module):
    """Token ids (1, n) to a unit-length vector (1, 384): the mean of the last layer, as the model's card has it."""

    def __init__(self, bert: BertModel) -> None:
        super().__init__()
        self.bert = bert

    def forward(self, ids: Tensor) -> Tensor:
        mean = self.bert(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state.mean(dim=1)
        return nn.functional.normalize(mean, dim=1)


def write_graph(folder: Path = SHIPPED_TEXT) -> float:
    """Write the graph; the lowest cosine between torch's and onnxruntime's vectors, `SystemExit` under 0.9999."""
    network = _Sentence(
        BertModel.from_pretrained(str(package_folder()), attn_implementation="eager", add_pooling_layer=False)
    ).eval()
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter says that it has a successor
        torch.onnx.export(
            network,
            (torch.zeros(1, 6, dtype=torch.long),),
            buffer,  # type: ignore[arg-type]  # the TorchScript exporter takes a file; its signature does not say so
            input_names=["ids"],
            output_names=["vector"],
            dynamic_axes={"ids": {1: "tokens"}},
            opset_version=17,
            do_constant_folding=False,  # it would change weights, and they are to be those of the package
            dynamo=False,
        )
    model = onnx.load_from_string(buffer.getvalue())
    places = _places(package_folder() / WEIGHTS)
    for tensor in model.graph.initializer:
        _take_out(tensor, places)
    onnx.save(model, folder / GRAPH)
    return _lowest_cosine(network)


def _places(weights: Path) -> dict[str, tuple[int, int]]:
    """Name -> where the float32 numbers of a weight begin in a safetensors file, and how many bytes they are."""
    with weights.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        described = json.loads(file.read(size))
    return {
        name: (8 + size + one["data_offsets"][0], one["data_offsets"][1] - one["data_offsets"][0])
        for name, one in described.items()
        if one.get("dtype") == "F32"
    }


def _take_out(tensor: onnx.TensorProto, places: Mapping[str, tuple[int, int]]) -> None:
    """Leave of a weight its name, type and shape, and say where it is."""
    offset, length = places[tensor.name.removeprefix("bert.")]
    if tensor.data_type != TensorProto.FLOAT or length != len(tensor.raw_data):
        raise SystemExit(f"{tensor.name} is not as the package has it")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", WEIGHTS), ("offset", str(offset)), ("length", str(length))):
        tensor.external_data.add(key=key, value=value)


def _lowest_cosine(network: nn.Module) -> float:
    encoder = TextEncoder()
    lowest = 1.0
    for sentence in SENTENCES:
        ids = torch.from_numpy(encoder.tokens(sentence))
        with torch.no_grad():
            theirs = network(ids)[0].numpy()
        lowest = min(lowest, float(np.dot(encoder.meaning(sentence), theirs)))
    if lowest < MIN_COSINE:
        raise SystemExit(f"The graph differs from torch: lowest cosine {lowest:.6f}, needed {MIN_COSINE}")
    return lowest
