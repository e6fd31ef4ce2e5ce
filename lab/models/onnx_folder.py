"""A packaged model folder, as the embedder runs it on a CPU; and the same network before its vector is scaled."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import onnxruntime as ort
from PIL import Image

from lab.datasets import Record
from lab.models.classes import KINDS
from lab.models.finder import FinderFolder
from lab.models.linear import LinearRecogniser, fit_linear
from lab.models.port import Model, Probabilities, Recogniser, Vectors
from lab.vectors import seen_of, source_sha256
from services.embedder import colours, decode, finder, grouping, prepare
from services.embedder import crop as cropping
from services.embedder.crop import windows
from services.embedder.find import main_first
from services.embedder.finder import FINDER, FINDER_MANIFEST, Finder
from services.embedder.heads import Head, Heads
from services.embedder.manifest import ENCODER, HEADS, read_manifest
from services.embedder.onnx_encoder import OnnxEncoder


class OnnxFolder:
    """The model in `folder`: what its encoder gives of the main piece that its finder sees, if it has a finder."""

    distance: Literal["cosine", "euclidean"] = "cosine"
    workers: Literal["threads", "processes"] = "threads"

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.manifest = read_manifest(folder)
        self.size = self.manifest.input_size
        self.dimension = self.manifest.dimension
        self.fingerprint = f"{self.manifest.files[ENCODER]} {source_sha256(colours, decode, prepare)}"
        self.megabytes = (folder / ENCODER).stat().st_size / 1e6
        self._encoder = OnnxEncoder(folder, self.manifest, threads=1)
        self._finder: Finder | None = None
        if FINDER_MANIFEST in self.manifest.files:
            self._finder = Finder(folder)
            code = source_sha256(cropping, finder, grouping)
            self.fingerprint += f" {self.manifest.files[FINDER]} {self.manifest.files[FINDER_MANIFEST]} {code}"
            self.megabytes += (folder / FINDER).stat().st_size / 1e6

    def embed(self, picture: Image.Image) -> Vectors:
        if self._finder:
            window = windows(main_first(self._finder.find(picture)), *picture.size)[0]
            picture = prepare.crop(picture, window)
        rows = self._encoder.forward(_prepared(picture, self.manifest.input_size)[None])
        return np.asarray(rows[0])

    def recogniser(self, train: Sequence[Record], val: Sequence[Record], classes: Sequence[str]) -> LinearRecogniser:
        return fit_linear(self, train, val, classes)


class HeadedFolder(OnnxFolder):
    """With the folder's own heads."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name, folder)
        self.heads = Heads.load(folder / HEADS, self.manifest.heads).heads

    def own_recogniser(self) -> Recogniser:
        return HeadRecogniser(self, self.heads["type"])


class LoupeFolder(HeadedFolder):
    """With the folder's own finder too."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name, folder)
        self.masks = FinderFolder(folder).masks


class HeadRecogniser:
    """A model's type head, its pendants counted as necklaces; a type that no suite measures is never its answer."""

    classes: Sequence[str] = KINDS

    def __init__(self, model: Model, head: Head) -> None:
        self._model = model
        self._head = head

    def probabilities(self, records: Sequence[Record]) -> Probabilities:
        rows = self._head.probabilities(seen_of(self._model, records)).astype(np.float64)
        merged = np.zeros((len(rows), len(KINDS)))
        for place, name in enumerate(self._head.about.classes):
            of_kind = "necklace" if name == "pendant" else name
            if of_kind in KINDS:
                merged[:, KINDS.index(of_kind)] += rows[:, place]
        return np.asarray(merged / merged.sum(axis=1, keepdims=True))


class UnscaledOnnxFolder:
    """The model in `folder` before its vector is divided by its length, compared by Euclidean distance."""

    distance: Literal["cosine", "euclidean"] = "euclidean"
    workers: Literal["threads", "processes"] = "threads"

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        manifest = read_manifest(folder)
        self.size = manifest.input_size
        self.fingerprint = f"unscaled {manifest.files[ENCODER]} {source_sha256(colours, decode, prepare)}"
        self.megabytes = (folder / ENCODER).stat().st_size / 1e6
        graph = onnx.load(str(folder / ENCODER))
        pooled = next(node for node in graph.graph.node if graph.graph.output[0].name in node.output).input[0]
        graph.graph.output.append(onnx.helper.make_tensor_value_info(pooled, onnx.TensorProto.FLOAT, None))
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = ort.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
        self._pooled = pooled

    def embed(self, picture: Image.Image) -> Vectors:
        (vectors,) = self._session.run([self._pooled], {"pictures": _prepared(picture, self.size)[None]})
        return np.asarray(vectors[0], np.float32)

    def recogniser(self, train: Sequence[Record], val: Sequence[Record], classes: Sequence[str]) -> LinearRecogniser:
        return fit_linear(self, train, val, classes)


def _prepared(picture: Image.Image, size: int) -> Vectors:
    return prepare.normalise(prepare.letterbox(prepare.scale(picture, size), size))
