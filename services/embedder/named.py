"""Models chosen by name instead of a folder: `cbir`, and image towers of timm, open_clip and transformers."""

from __future__ import annotations

from typing import Literal

from services.embedder.model import Encoder
from shared.contracts.models import Model
from shared.errors import Permanent

CBIR = "cbir"
TOWERS = ("timm", "open_clip", "hf")
CBIR_NO_MATCH_BELOW = 0.70
"""Loses 5% of the pieces that are there on shops of validation (lab/reports/floor/report.md, not in the catalogue)."""
TOWER_NO_MATCH_BELOW = -1.0
"""Never "no match": what a cosine means differs from network to network, and nobody has measured this one."""
LOOK_AT_LEAST = 0.9
"""Nearly the same picture, in every network measured: so few pieces are told to look alike, rather than wrong ones."""


def is_named(name: str) -> bool:
    """Whether it is such a name, and not a folder."""
    return name == CBIR or name.partition(":")[0] in TOWERS


def open_named(name: str, compute: Literal["cpu", "cuda"]) -> tuple[Encoder, Model]:
    """The encoder of a name, and what other services are told of it.

    Raises `Permanent` that says what to install or mend when it cannot be had.
    """
    encoder: Encoder
    if name == CBIR:
        encoder, no_match_below = _cbir(), CBIR_NO_MATCH_BELOW
    else:
        encoder, no_match_below = _tower(name, compute), TOWER_NO_MATCH_BELOW
    return encoder, Model(
        version=encoder.version,
        dimension=encoder.dimension,
        no_match_below=no_match_below,
        look_at_least=LOOK_AT_LEAST,
    )


def _cbir() -> Encoder:
    try:
        from services.embedder.cbir.encoder import CbirEncoder
    except ImportError as error:
        raise Permanent("The model cbir needs scikit-image: pip install scikit-image==0.26.0") from error
    return CbirEncoder()


def _tower(name: str, compute: Literal["cpu", "cuda"]) -> Encoder:
    try:
        from services.embedder.tower_encoder import TowerEncoder
    except ImportError as error:
        raise Permanent(f"The model {name} needs torch: pip install torch==2.13.0") from error
    return TowerEncoder(name, compute)
