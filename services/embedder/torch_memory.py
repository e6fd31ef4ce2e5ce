"""Torch's words for having no memory, as the port has them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from services.embedder.model import OutOfMemory

_WORDS = ("out of memory", "can't allocate memory", "ALLOC_FAILED")
"""Of CUDA's allocator, of the CPU's, and of cuBLAS and cuDNN: only the first has an exception of its own."""


@contextmanager
def memory_told() -> Iterator[None]:
    """Raises `OutOfMemory` for torch's own. What torch holds in reserve is given back first, so that less may fit."""
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error, torch.OutOfMemoryError) and not any(words in str(error) for words in _WORDS):
            raise
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        raise OutOfMemory(str(error).splitlines()[0]) from error
