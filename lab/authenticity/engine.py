"""The comparison that the embedder serves, in this process."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from lab.authenticity.measured import Seen
from services.embedder import compare
from services.embedder.analyse import Analyser
from services.embedder.batcher import Batcher
from services.embedder.compare.engine import Comparer
from services.embedder.compare.points import PointFinder
from services.embedder.finder import Finder
from services.embedder.heads import Heads
from services.embedder.manifest import HEADS, SHIPPED, model_of, read_manifest
from services.embedder.onnx_encoder import OnnxEncoder
from shared.contracts.comparing import ComparisonAsked, CopyCheck, PictureAsked


class Served:
    """By the shipped model. `method` names its source, too, so that changed code is not answered from the cache."""

    def __init__(self) -> None:
        manifest = read_manifest(SHIPPED)
        self._batcher = Batcher(OnnxEncoder(SHIPPED, manifest, threads=1).forward, 8, lambda *_: None)
        heads = Heads.load(SHIPPED / HEADS, manifest.heads)
        self.analyse = Analyser(self._batcher, heads, model_of(manifest), manifest.input_size, Finder(SHIPPED).find)
        self._comparer = Comparer(self.analyse, PointFinder(), threads=1)
        self.method = f"{self._comparer.method} {_source()}"

    def compare(self, query: bytes, references: Sequence[bytes]) -> list[Seen]:
        asked = ComparisonAsked(references=[PictureAsked()] * len(references))
        told = self._comparer.compare(asked, query, references)
        return [Seen(one.features, (*told.query.codes, *one.codes)) for one in told.comparisons]

    def copies(self, query: bytes, references: Sequence[bytes]) -> list[CopyCheck]:
        return self._comparer.copies(query, references).checks

    def close(self) -> None:
        self._comparer.close()
        self._batcher.close()


def _source() -> str:
    digest = hashlib.sha256()
    for path in sorted(Path(str(compare.__file__)).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
