"""Sessions of onnxruntime on the CPU."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import onnxruntime as ort

from shared.errors import Permanent


def opened(model: Path, threads: int) -> ort.InferenceSession:
    """A session whose forwards have `threads` cores each. All such sessions of a process have one arena: what a forward
    of one has given back serves those of the others, 50 MB for a picture.

    Raises `Permanent` when the file is not there or no model.
    """
    _make_arena()
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Spinning threads would take the cores from decoding between two forwards.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.use_env_allocators", "1")
    try:
        return ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no other base
        raise Permanent(f"onnxruntime cannot load {model}: {error}") from error


@cache
def _make_arena() -> None:
    cpu = ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT)
    ort.create_and_register_allocator(cpu, None)
