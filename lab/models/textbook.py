"""The network of the textbooks: three conv blocks, one dense layer, ten epochs. A floor, not a proposal."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn

from lab import vectors
from lab.datasets import Record
from lab.models.classes import KINDS, kind
from lab.models.linear import softmax
from lab.models.port import Probabilities, Vectors
from lab.statistics import calibrate
from lab.vectors import source_sha256, vectors_of
from services.embedder import colours, decode, prepare

SIDE = 64
"""Pixels."""
EPOCHS = 10
BATCH = 64
RATE = 1e-3
Levels = npt.NDArray[np.uint8]


class Network(nn.Module):
    """Conv 3x3 of 32, 64, 128 channels, each with ReLU and 2x2 max pooling; dense 128 with ReLU; a logit a class."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in ((3, 32), (32, 64), (64, 128)):
            layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        self.features = nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * (SIDE // 8) ** 2, 128), nn.ReLU())
        self.head = nn.Linear(128, classes)

    def forward(self, pictures: Tensor) -> Tensor:
        """float32 [N, 3, 64, 64] in 0..1 -> logits [N, K]."""
        return self.head(self.features(pictures))  # type: ignore[no-any-return]  # modules' calls are untyped


class Textbook:
    """The network trained on the types of `train`; its vector is the dense layer. Trained once, then read from disk."""

    name = "textbook"
    distance: Literal["cosine", "euclidean"] = "cosine"
    workers: Literal["threads", "processes"] = "threads"
    size = SIDE
    megabytes: float

    def __init__(self, train: Sequence[Record], classes: Sequence[str] = KINDS) -> None:
        wanted = sorted(f"{record.sha256} {kind(record)}" for record in train if kind(record) in classes)
        made_of = " ".join([*wanted, *classes, str(EPOCHS)])
        self.fingerprint = f"{hashlib.sha256(made_of.encode()).hexdigest()} {source_sha256(colours, decode, prepare)}"
        self.network = trained(train, classes, vectors.CACHE / "textbook" / f"{self.fingerprint[:16]}.pt").eval()
        self.megabytes = sum(tensor.nbytes for tensor in self.network.parameters()) / 1e6

    def embed(self, picture: Image.Image) -> Vectors:
        return self._run(self.network.features, _pixels(picture))

    def logits(self, dense: Vectors) -> npt.NDArray[np.float64]:
        return self._run(self.network.head, dense).astype(np.float64)

    def recogniser(self, train: Sequence[Record], val: Sequence[Record], classes: Sequence[str]) -> TextbookRecogniser:
        fitted = Textbook(train, classes)
        val = [record for record in val if kind(record) in classes]
        labels = np.array([classes.index(kind(record)) for record in val])
        temperature, _ = calibrate(_logits(fitted, val), labels)
        return TextbookRecogniser(fitted, classes, temperature)

    @staticmethod
    def _run(layers: nn.Module, rows: npt.NDArray[np.generic]) -> Vectors:
        with torch.inference_mode():
            tensor = torch.from_numpy(rows)
            out: Tensor = layers(tensor[None].float() / 255)[0] if rows.dtype == np.uint8 else layers(tensor)
            return out.numpy()


class TextbookRecogniser:
    """The trained network's own softmax, its logits over `temperature`."""

    def __init__(self, model: Textbook, classes: Sequence[str], temperature: float) -> None:
        self.classes = classes
        self._model = model
        self._temperature = temperature

    def probabilities(self, records: Sequence[Record]) -> Probabilities:
        return softmax(_logits(self._model, records) / self._temperature)


class _Unscaled:
    """The dense layer as it is: the head needs its length."""

    distance: Literal["cosine", "euclidean"] = "euclidean"
    workers: Literal["threads", "processes"] = "threads"

    def __init__(self, model: Textbook) -> None:
        self.name, self.fingerprint, self.size, self.embed = model.name, model.fingerprint, model.size, model.embed
        self.megabytes = model.megabytes


def _logits(model: Textbook, records: Sequence[Record]) -> npt.NDArray[np.float64]:
    return model.logits(vectors_of(_Unscaled(model), records))


def trained(train: Sequence[Record], classes: Sequence[str], checkpoint: Path) -> Network:
    """Ten epochs of Adam on cross-entropy, saved after each: a run that is cut off goes on, a finished one is read.

    Deterministic for one version of torch: it runs on one core, whose pace also suffers least from other work.
    """
    torch.manual_seed(0)
    torch.set_num_threads(1)
    network = Network(len(classes))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's own
    optimizer = torch.optim.Adam(network.parameters(), RATE)
    done = 0
    if checkpoint.is_file():
        saved = torch.load(checkpoint, weights_only=True)
        done = saved["epochs"]
        network.load_state_dict(saved["network"])
        optimizer.load_state_dict(saved["optimizer"])
    if done == EPOCHS:
        return network
    known = [record for record in train if kind(record) in classes]
    labels = torch.tensor([classes.index(kind(record)) for record in known])
    with ThreadPoolExecutor(2) as pool:
        pictures = torch.from_numpy(np.stack(list(pool.map(_read, known))))
    for epoch in range(done, EPOCHS):
        began, losses = time.monotonic(), 0.0
        for places in _batches(len(known), epoch):
            batch = (pictures[places].float() / 255).contiguous(memory_format=torch.channels_last)
            loss = nn.functional.cross_entropy(network(batch), labels[places])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch's own
            optimizer.step()
            losses += loss.item() * len(places)
        checkpoint.parent.mkdir(parents=True, exist_ok=True)
        unfinished = checkpoint.with_suffix(".part")
        state = {"epochs": epoch + 1, "network": network.state_dict(), "optimizer": optimizer.state_dict()}
        torch.save(state, unfinished)
        unfinished.replace(checkpoint)
        seconds = time.monotonic() - began
        print(f"textbook: epoch {epoch + 1} of {EPOCHS}, loss {losses / len(known):.3f}, {seconds:.0f} s", flush=True)
    return network


def _batches(count: int, epoch: int) -> Iterator[Tensor]:
    order = torch.from_numpy(np.random.default_rng(epoch).permutation(count))
    for start in range(0, count, BATCH):
        yield order[start : start + BATCH]


def _read(record: Record) -> Levels:
    return _pixels(decode.decode(record.path.read_bytes(), SIDE).rgb)


def _pixels(picture: Image.Image) -> Levels:
    """uint8 [3, 64, 64], the whole picture on white."""
    square = prepare.letterbox(prepare.scale(picture, SIDE), SIDE)
    return np.asarray(square).transpose(2, 0, 1).copy()
