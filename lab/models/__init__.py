"""Models to measure, by name."""

from __future__ import annotations

from pathlib import Path

from lab.models.port import Model
from services.embedder.finder import FINDER_MANIFEST
from services.embedder.manifest import HEADS, MODELS

LOUPE = tuple(MODELS / name for name in ("loupe-open-3", "loupe-wide-3"))
"""What `make train` makes."""
NAMES = (
    "cbir, textbook, frozen, frozen-euclidean, efficientnet-lite2, timm:NAME, open_clip:NETWORK/WEIGHTS, hf:NAME, "
    "torchvision:NAME, file:PATH or a folder"
)


def open_model(name: str) -> Model:
    """The model of a name (NAMES). Raises `Permanent` when it cannot be had, `SystemExit` without the real pictures."""
    if name == "cbir":
        from lab.models.cbir import Cbir

        return Cbir()
    if name in ("frozen", "frozen-euclidean") or (Path(name) / "manifest.json").is_file():
        from lab.export import frozen
        from lab.models.onnx_folder import HeadedFolder, LoupeFolder, OnnxFolder, UnscaledOnnxFolder

        if name == "frozen-euclidean":
            return UnscaledOnnxFolder(name, frozen())
        if name == "frozen":
            return OnnxFolder(name, frozen())
        folder = Path(name)
        if not (folder / HEADS).is_file():
            return OnnxFolder(folder.name, folder)
        whole = (folder / FINDER_MANIFEST).is_file()
        return LoupeFolder(folder.name, folder) if whole else HeadedFolder(folder.name, folder)
    if (Path(name) / FINDER_MANIFEST).is_file():
        from lab.models.finder import FinderFolder

        return FinderFolder(Path(name))
    if name == "textbook":
        from lab.datasets import read_jewelry
        from lab.models.textbook import Textbook

        return Textbook([record for record in read_jewelry() if record.split == "train"])
    from lab.models.towers import Tower

    return Tower(name)
