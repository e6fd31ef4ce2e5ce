"""What each ingredient of a trained embedding brings, one line each, on the test splits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import onnxruntime as ort
import torch
from onnxruntime.quantization import quantize_static
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, nn

from lab.datasets import Record
from lab.evaluate import sets
from lab.evaluate.report import Section, Table, mean, share, write
from lab.evaluate.retrieval import search
from lab.export import to_onnx
from lab.models.port import Vectors
from lab.train.fit import GEM_P
from lab.train.fusion import Fusion, Linear
from lab.train.parts import PartsNetwork, split
from lab.train.run import SIZE
from lab.train.validation import drawn
from lab.vectors import source_sha256, vectors_of
from services.embedder import crop, decode, grouping, lite_network, loupe_network, prepare
from services.embedder import finder as finder_code
from services.embedder.find import main_first
from services.embedder.finder import FINDER, Finder
from services.embedder.loupe_network import NEAR, two_looks
from services.embedder.manifest import ENCODER, TRAINED, read_manifest

REPORT = Path(__file__).parents[1] / "reports" / "embedding"
DISTRACTORS = 500
CALIBRATED_ON = 64
LOOK = round(NEAR * SIZE)
COLUMNS = (
    "vector",
    "numbers",
    "same piece, test shops, R@1",
    "R@5",
    "same piece, val shops, R@1",
    "RingFIR test classes, R@1",
    "mAP",
    "renders, other photo, R@1",
    "near-twins, right one of the family",
)


@dataclass(frozen=True, slots=True)
class Pictures:
    """What the lines are measured on."""

    pieces: Sequence[Record]
    others: Sequence[Record]
    styles: Sequence[Record]
    designs: Sequence[Record]

    @property
    def all(self) -> list[Record]:
        return [*self.pieces, *self.others, *self.styles, *self.designs]


class Shown:
    """A network as ONNX on the main piece that a finder sees, or on the whole picture without one.

    Its vectors are not scaled, so that what is concatenated in them can be taken apart.
    """

    distance: Literal["cosine", "euclidean"] = "euclidean"
    workers: Literal["threads", "processes"] = "threads"

    def __init__(self, name: str, model: bytes, size: int, finder: Finder | None) -> None:
        self.name, self.size = name, size
        self.megabytes = len(model) / 1e6
        code = source_sha256(decode, prepare, lite_network, loupe_network)
        self.fingerprint = f"shown {hashlib.sha256(model).hexdigest()} {size} {code}"
        if finder:
            found_by = source_sha256(crop, finder_code, grouping)
            self.fingerprint += f" {finder.manifest.files[FINDER]} {found_by}"
        self._finder = finder
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def embed(self, picture: Image.Image) -> Vectors:
        (vectors,) = self._session.run(None, {"pictures": self.prepared(picture)[None]})
        return np.asarray(vectors[0], np.float32)

    def prepared(self, picture: Image.Image) -> Vectors:
        """float32 [3, size, size]."""
        if self._finder:
            window = crop.windows(main_first(self._finder.find(picture)), *picture.size)[0]
            picture = prepare.crop(picture, window)
        return prepare.normalise(prepare.letterbox(prepare.scale(picture, self.size), self.size))


class _OneLook(nn.Module):
    """A network of two looks that sees one: the whole picture, made smaller, or the middle as it is."""

    def __init__(self, features: nn.Module, which: Literal[0, 1]) -> None:
        super().__init__()
        self.features, self.which = features, which

    def forward(self, pictures: Tensor) -> Tensor:
        return torch.as_tensor(self.features(two_looks(pictures).chunk(2)[self.which]))


def ablate(folder: Path) -> str:
    """Measure a packaged model ingredient by ingredient; write lab/reports/embedding."""
    shown = Pictures(
        sets.of("samepiece"),
        drawn([r for r in sets.of() if r.collection not in ("samepiece", "typeshops", "ringfir")], DISTRACTORS),
        sets.of("ringfir", split="test"),
        sets.single_renders(),
    )
    version, finder = read_manifest(folder).version, Finder(folder)
    weights, fusion = load_fusion(folder)

    def vectors(network: nn.Module, cut: Finder | None, size: int = SIZE) -> Vectors:
        return vectors_of(Shown(version, to_onnx(network.eval(), size), size, cut), shown.all)

    frozen, trained = PartsNetwork({}, GEM_P), PartsNetwork(weights, GEM_P)
    as_packaged = vectors(trained, finder)
    deep, colours = split(as_packaged)
    encoder = (folder / ENCODER).read_bytes()
    small = quantized(encoder, [r for r in shown.designs if r.path.is_file()][:CALIBRATED_ON], finder)
    lines = {
        "frozen: the whole picture, one look": vectors(frozen.features, None, LOOK),
        "frozen: the whole picture, two looks": split(vectors(frozen, None))[0],
        "frozen: the piece found, two looks": split(vectors(frozen, finder))[0],
        "trained: the piece found, two looks": deep,
        "trained: the piece found, one look at it whole": vectors(_OneLook(trained.features, 0), finder),
        "trained: the piece found, one look from near": vectors(_OneLook(trained.features, 1), finder),
        "and whitened": fusion.deep(deep),
        f"and with colours ({fusion.colour_weight:g}): {version} as packaged": fusion(as_packaged),
        "as packaged, but of the whole picture": fusion(vectors(trained, None)),
        "its colours alone": fusion.colours(colours),
        f"as packaged, in int8 ({len(small) / 1e6:.1f} MB for {len(encoder) / 1e6:.1f})": vectors_of(
            Shown(version, small, SIZE, finder), shown.all
        ),
    }
    rows, figures = [], {}
    for name, rows_of in lines.items():
        row, figures[name] = measure(name, rows_of, shown)
        rows.append(row)
    words = (
        f"Made and printed again by `python -m lab ablate-embedding --model {folder}`. Brackets: 95% intervals. Same "
        f"piece: the pictures of `samepiece` among all of its pictures and {len(shown.others)} others, so figures are "
        "higher than the suite's, whose gallery is larger. Renders and near-twins: the evaluation set, as the suites "
        f"have it. A look has {LOOK} pixels a side."
    )
    return write(
        REPORT,
        "What each ingredient brings",
        words,
        [Section("Lines", "", [Table(COLUMNS, rows)], figures)],
    )


def quantized(encoder: bytes, records: Sequence[Record], finder: Finder) -> bytes:
    """The encoder with weights and activations of 8 bits, their ranges by `records` (onnxruntime, QDQ, by channel)."""
    shown = Shown("", encoder, SIZE, finder)
    pictures = [shown.prepared(decode.decode(r.path.read_bytes(), 2 * SIZE).rgb)[None] for r in records]

    class Reader:
        def __init__(self) -> None:
            self._left = iter(pictures)

        def get_next(self) -> dict[str, Vectors] | None:
            picture = next(self._left, None)
            return None if picture is None else {"pictures": picture}

    with TemporaryDirectory() as made:
        plain, small = Path(made) / "plain.onnx", Path(made) / "small.onnx"
        plain.write_bytes(encoder)
        quantize_static(plain, small, Reader(), per_channel=True)
        return small.read_bytes()


def load_fusion(folder: Path) -> tuple[dict[str, Tensor], Fusion]:
    """The trunk's trained weights by their names in it, and the fusion, of a packaged model."""
    stored = {name: value.float() for name, value in load_file(folder / TRAINED).items()}
    prefix = "features.trunk."
    trunk = {name.removeprefix(prefix): value for name, value in stored.items() if name.startswith(prefix)}
    deep, colours = (
        Linear(stored[f"{part}.weight"].numpy(), stored[f"{part}.bias"].numpy())
        for part in ("whiten", "whiten_colours")
    )
    return trunk, Fusion(deep, colours, float(stored["colour_weight"]), 0.0, 0.0, 0.0)


def measure(name: str, vectors: Vectors, shown: Pictures) -> tuple[list[str], Mapping[str, object]]:
    """A line of the table and its figures. `vectors` are of `shown.all`."""
    by_name = {record.sha256: vector for record, vector in zip(shown.all, vectors, strict=True)}

    def of(records: Sequence[Record]) -> Vectors:
        return np.stack([by_name[record.sha256] for record in records])

    texts, figures = [], {}
    gallery = [*shown.pieces, *shown.others]
    for part in ("test", "val"):
        queries = [record for record in shown.pieces if record.split == part]
        labels = [r.item_id if r.collection == "samepiece" else None for r in gallery]
        items = [record.item_id for record in queries]
        found = search(of(queries), of(gallery), items, labels, _names(queries), _names(gallery))
        groups = [items[place] for place in found.queries.tolist()]
        for label, hits in (("R@1", found.first), ("R@5", found.five))[: 2 if part == "test" else 1]:
            text, figures[f"same piece, {part} shops, {label}"] = mean(hits.astype(np.float64), groups)
            texts.append(text)
    styles = [record.style for record in shown.styles]
    found = search(of(shown.styles), of(shown.styles), styles, styles, _names(shown.styles), _names(shown.styles))
    for label, values in (("R@1", found.first.astype(np.float64)), ("mAP", found.average_precision)):
        text, figures[f"RingFIR, {label}"] = mean(values)
        texts.append(text)
    first, further = sets.first_against_rest(shown.designs)
    similarity = of(further) @ of(first).T
    item = np.array([record.item_id for record in first])
    wanted = np.array([record.item_id for record in further])
    text, figures["renders, R@1"] = share(item[similarity.argmax(axis=1)] == wanted)
    texts.append(text)
    family = np.array([[a.family == b.family and a.family != "" for b in first] for a in further])
    twins = family.any(axis=1)
    among = item[np.where(family, similarity, -np.inf).argmax(axis=1)] == wanted
    text, figures["near-twins"] = share(among[twins])
    return [name, str(vectors.shape[1]), *texts, text], figures


def _names(records: Sequence[Record]) -> list[str]:
    return [record.sha256 for record in records]
