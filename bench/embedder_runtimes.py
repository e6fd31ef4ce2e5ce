"""Which runtime and number format forwards a model fastest on a CPU, and what each costs in exactness.

`python -m bench.embedder_runtimes FOLDER --calibrate PICTURES` measures the encoder of a model folder; PICTURES is a
folder of JPEGs that int8 takes its ranges from, never those measured on. Rows of OpenVINO need the packages openvino
and nncf, which nothing else here does. bench/reports/embedder-runtimes.md says what was found and decided.
"""

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnxruntime as ort
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
from PIL import Image

from lab.datasets import read
from services.embedder.manifest import ENCODER, Manifest, read_manifest
from services.embedder.model import Batch
from services.embedder.prepare import letterbox, normalise, scale
from services.embedder.torch_encoder import load_network

RENDERS = Path(__file__).parents[1] / "lab" / "evaluation" / "renders"
THREADS = 2
BATCHES = (1, 8, 32)
COMPARED = 200
Forward = Callable[[Batch], Batch]


class Calibration(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime.quantization has no types
    def __init__(self, pictures: Batch) -> None:
        self._rows = iter(pictures)

    def get_next(self) -> dict[str, Batch] | None:
        row = next(self._rows, None)
        return None if row is None else {"pictures": row[None]}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--calibrate", type=Path, required=True)
    parser.add_argument("--designs", type=int, default=250)
    arguments = parser.parse_args()
    manifest = read_manifest(arguments.folder)
    ranges = prepared(sorted(arguments.calibrate.glob("*.jpg"))[:64], manifest.input_size)
    pictures = prepared(pairs(arguments.designs), manifest.input_size)
    reference = None
    print(f"| runtime | {' | '.join(f'batch {size}' for size in BATCHES)} | cosine, lowest | mean | R@1 |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with TemporaryDirectory() as made:
        for name, make in variants(arguments.folder, manifest, ranges, Path(made)):
            forward = make()
            speeds = [f"{pictures_per_second(forward, pictures[:size]):.1f}" for size in BATCHES]
            vectors = np.concatenate([forward(row[None]) for row in pictures])
            reference = vectors if reference is None else reference
            cosines = (vectors * reference).sum(axis=1)[:COMPARED]
            exact = f"{cosines.min():.4f} | {cosines.mean():.4f} | {recall_at_1(vectors):.3f}"
            print(f"| {name} | {' | '.join(speeds)} | {exact} |", flush=True)


def variants(
    folder: Path, manifest: Manifest, ranges: Batch, made: Path
) -> Iterator[tuple[str, Callable[[], Forward]]]:
    """Each runtime's name and what makes its forward; the first is the reference."""
    single, static, dynamic = made / "single.onnx", made / "static.onnx", made / "dynamic.onnx"
    folded = ort.SessionOptions()
    folded.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    folded.optimized_model_filepath = str(single)
    ort.InferenceSession(str(folder / ENCODER), folded, providers=["CPUExecutionProvider"])
    quantize_static(
        str(single),
        str(static),
        Calibration(ranges),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["Conv", "Add", "Clip"],
    )
    quantize_dynamic(str(single), str(dynamic), weight_type=QuantType.QUInt8, op_types_to_quantize=["Conv"])
    for name, model in {"single": single, "int8 static": static, "int8 dynamic": dynamic}.items():
        for threads in (1, THREADS):
            yield f"onnxruntime {name}, {threads} threads", partial(onnx, model, threads)
    torch.set_num_threads(THREADS)
    yield "torch eager", lambda: eager(folder, manifest, torch.contiguous_format)
    yield "torch channels_last", lambda: eager(folder, manifest, torch.channels_last)
    yield "torch channels_last, bfloat16", lambda: eager(folder, manifest, torch.channels_last, torch.bfloat16)
    yield "torch.compile, channels_last", lambda: eager(folder, manifest, torch.channels_last, compiled=True)
    try:
        openvino, nncf = (importlib.import_module(name) for name in ("openvino", "nncf"))
    except ImportError:
        return
    read = openvino.Core().read_model(str(single))
    yield "OpenVINO single", lambda: vino(openvino, read, "f32")
    yield "OpenVINO bfloat16", lambda: vino(openvino, read, "bf16")
    int8 = nncf.quantize(
        read.clone(), nncf.Dataset([row[None] for row in ranges]), preset=nncf.QuantizationPreset.MIXED
    )
    yield "OpenVINO int8", lambda: vino(openvino, int8, "f32")


def onnx(model: Path, threads: int) -> Forward:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    return lambda batch: np.asarray(session.run(None, {"pictures": batch})[0], np.float32)


def eager(
    folder: Path,
    manifest: Manifest,
    layout: torch.memory_format,
    half: torch.dtype | None = None,
    compiled: bool = False,
) -> Forward:
    network: Any = load_network(folder, manifest).to(memory_format=layout)  # type: ignore[call-overload]
    if compiled:
        network = torch.compile(network)

    def forward(batch: Batch) -> Batch:
        with torch.inference_mode(), torch.autocast("cpu", dtype=half or torch.bfloat16, enabled=half is not None):
            vectors = network(torch.from_numpy(batch).contiguous(memory_format=layout))
            return np.asarray(vectors.float().numpy())

    return forward


def vino(openvino: Any, model: Any, precision: str) -> Forward:
    hints = {"INFERENCE_NUM_THREADS": THREADS, "INFERENCE_PRECISION_HINT": precision}
    compiled = openvino.Core().compile_model(model, "CPU", hints)
    request = compiled.create_infer_request()
    return lambda batch: np.array(request.infer({0: batch})[compiled.output(0)])


def prepared(paths: list[Path], size: int) -> Batch:
    return np.stack([normalise(letterbox(scale(Image.open(path).convert("RGB"), size), size)) for path in paths])


def pairs(designs: int) -> list[Path]:
    """Two pictures of each of so many single pieces of the evaluation renders, beside each other."""
    of: dict[str, list[Path]] = {}
    for record in read(RENDERS):
        if len(record.boxes) == 1:
            of.setdefault(record.item_id, []).append(record.path)
    return [path for paths in list(of.values())[:designs] for path in paths[:2]]


def recall_at_1(vectors: Batch) -> float:
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1)
    design = np.arange(len(vectors)) // 2
    return float((design[cosines.argmax(axis=1)] == design).mean())


def pictures_per_second(forward: Forward, batch: Batch) -> float:
    """By the fastest of three forwards, after one that is not counted."""
    forward(batch)
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        forward(batch)
        seconds.append(time.perf_counter() - started)
    return len(batch) / min(seconds)


if __name__ == "__main__":
    main()
