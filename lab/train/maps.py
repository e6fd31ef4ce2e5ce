"""What the frozen front of the network makes of each view, kept on disk: the tail is trained on it many times."""

from __future__ import annotations

import hashlib
import io
import time
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
import torch
from torch import Tensor, nn

from lab.train import augment
from lab.train.sources import Picture
from lab.vectors import CACHE
from services.embedder import prepare
from services.embedder.lite_network import LiteNetwork, weights_path
from services.embedder.loupe_network import FROZEN_BLOCKS
from services.embedder.manifest import file_sha256

BLOCK = 64
Maps = npt.NDArray[np.float16]


class Front(nn.Module):
    """float32 [N, 3, S, S] -> [N, 120, S/16, S/16]: the blocks that stay as ImageNet made them."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = LiteNetwork(3.0).trunk

    def forward(self, pictures: Tensor) -> Tensor:
        x = self.trunk._swish(self.trunk._bn0(self.trunk._conv_stem(pictures)))
        for block in self.trunk._blocks[:FROZEN_BLOCKS]:
            x = block(x)
        return x  # type: ignore[no-any-return]  # the package has no types


class MapCache:
    """Maps of pictures at `size` in a file that grows by whole blocks, so a run that is cut off goes on."""

    def __init__(self, size: int, root: Path = CACHE / "maps") -> None:
        self.size = size
        made_by = f"{augment.AUGMENTATION} {size} {FROZEN_BLOCKS} {file_sha256(weights_path())}"
        self.name = hashlib.sha256(made_by.encode()).hexdigest()[:12]
        self._folder = root / self.name
        self._folder.mkdir(parents=True, exist_ok=True)
        side = -(-size // 16)
        self._shape = (120, side, side)

    def of(self, pictures: Sequence[Picture]) -> tuple[Maps, list[list[int]]]:
        """All maps that are kept, float16 [M, 120, h, w] (a memory map), and the rows of each picture's views."""
        wanted = [(picture, view) for picture in pictures for view in range(picture.views)]
        keys = self._keys()
        missing = list({key(p, v): (p, v) for p, v in wanted if key(p, v) not in keys}.values())
        if missing:
            self._make(missing)
            keys = self._keys()
        rows = [[keys[key(picture, view)] for view in range(picture.views)] for picture in pictures]
        if not keys:
            return np.zeros((0, *self._shape), np.float16), rows
        return np.memmap(self._file, np.float16, "r", shape=(len(keys), *self._shape)), rows

    @property
    def _file(self) -> Path:
        return self._folder / "maps.f16"

    def _keys(self) -> dict[str, int]:
        path = self._folder / "keys.txt"
        return {name: row for row, name in enumerate(path.read_text().split("\n")[:-1])} if path.is_file() else {}

    def _make(self, missing: Sequence[tuple[Picture, int]]) -> None:
        session = _session(self.size)
        began = time.monotonic()
        done = 0
        with (
            ThreadPoolExecutor(cpu_count()) as pool,
            self._file.open("r+b" if self._file.exists() else "w+b") as maps,
            (self._folder / "keys.txt").open("a") as keys,
        ):
            maps.truncate(len(self._keys()) * int(np.prod(self._shape)) * 2)
            maps.seek(0, io.SEEK_END)
            for start in range(0, len(missing), BLOCK):
                part = missing[start : start + BLOCK]
                rows = pool.map(lambda entry: self._map(session, *entry), part)
                maps.write(np.stack(list(rows)).tobytes())
                maps.flush()
                keys.write("".join(f"{key(*entry)}\n" for entry in part))
                keys.flush()
                done += len(part)
                if done % (BLOCK * 16) == 0:
                    rate = done / (time.monotonic() - began)
                    left = (len(missing) - done) / rate
                    print(f"maps: {done} of {len(missing)}, {rate:.0f}/s, {left:.0f} s left", flush=True)

    def _map(self, session: ort.InferenceSession, picture: Picture, view: int) -> Maps:
        prepared = prepare.normalise(augment.square(picture.record, view, self.size))
        (found,) = session.run(None, {"pictures": prepared[None]})
        return np.asarray(found[0]).astype(np.float16)


def key(picture: Picture, view: int) -> str:
    return f"{picture.record.sha256}-{view}"


def _session(size: int) -> ort.InferenceSession:
    """The front by onnxruntime, five times as fast as torch on a CPU."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Front().eval(),
            (torch.zeros(1, 3, size, size),),
            buffer,  # type: ignore[arg-type]  # the TorchScript exporter takes a file; its signature does not say so
            input_names=["pictures"],
            opset_version=17,
            dynamo=False,
        )
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(buffer.getvalue(), options, providers=["CPUExecutionProvider"])
