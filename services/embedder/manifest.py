"""The model folder: its manifest, read and checked against the files beside it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.errors import Permanent

SHIPPED = Path(__file__).parent / "models" / "efficientnet-lite2-1"
ENCODER = "encoder.onnx"
TYPE_HEAD = "type_head.npz"


class TypeClasses(BaseModel):
    """How logits of the type head become a type: softmax(logits / temperature), absent below `min_confidence`."""

    model_config = ConfigDict(extra="forbid")

    classes: list[str] = Field(min_length=2)
    temperature: float = Field(gt=0)
    min_confidence: float = Field(ge=0, le=1)


class Manifest(BaseModel):
    """What a model folder holds. Any change of a file is a new `version`: analyses are stored by it."""

    model_config = ConfigDict(extra="forbid")

    version: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$")
    dimension: int = Field(gt=0)
    input_size: int = Field(gt=0, description="Side of the square input in pixels.")
    preprocessing: str = Field(description="For the reader; services/embedder/prepare.py is the code.")
    gem_p: float = Field(gt=0)
    torch_weights_sha256: str = Field(description="Of the checkpoint that encoder.onnx was exported from.")
    files: dict[str, str] = Field(description="File name -> sha256.")
    no_match_below: float = Field(ge=-1, le=1, description="Cosine below which a picture's best hit is not the piece.")
    types: TypeClasses


def file_sha256(path: Path) -> str:
    """The sha256 of a file's bytes, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a model folder whose files all have the hash it names.

    Raises `Permanent` naming the file that is missing or differs, and what to do.
    """
    try:
        manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
    except OSError as error:
        raise Permanent(
            f"There is no model in {folder}: manifest.json cannot be read ({error.strerror}). "
            "Set EMBEDDER_MODEL_DIR to a folder made by `python -m lab export`."
        ) from error
    except ValidationError as error:
        raise Permanent(f"{folder / 'manifest.json'} does not follow the model manifest: {error}") from error
    for name, expected in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise Permanent(
                f"The model file {path} is missing. Restore the folder, or make it with `python -m lab export`."
            )
        actual = file_sha256(path)
        if actual != expected:
            raise Permanent(
                f"The model file {path} is not the one its manifest names (sha256 {actual}, expected {expected}). "
                "Restore it, or make the folder again with `python -m lab export` and `python -m lab train-type`."
            )
    return manifest
