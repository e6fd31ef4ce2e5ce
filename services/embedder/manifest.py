"""The model folder: its manifest, read and checked against the files beside it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.contracts.analysis import AttributeName
from shared.contracts.fields import ModelVersion
from shared.contracts.models import Model, Probability, Sameness
from shared.errors import Permanent

MODELS = Path(__file__).parent / "models"
SHIPPED = MODELS / "loupe-wide-3"
ENCODER = "encoder.onnx"
HEADS = "heads.npz"
TRAINED = "trained.safetensors"
"""The weights that training made, in half precision: the source of encoder.onnx, and what torch runs."""


class HeadClasses(BaseModel):
    """How a head's logits become a value: softmax(logits / temperature), absent below `min_confidence`."""

    model_config = ConfigDict(extra="forbid")

    classes: list[str] = Field(min_length=2)
    temperature: float = Field(gt=0)
    min_confidence: float = Field(ge=0, le=1)


class Manifest(BaseModel):
    """What a model folder holds. Any change of a file is a new `version`: analyses are stored by it."""

    model_config = ConfigDict(extra="forbid")

    version: ModelVersion
    dimension: int = Field(gt=0)
    feature_dimension: int = Field(0, ge=0, description="So many numbers follow a vector, for heads to see besides.")
    input_size: int = Field(gt=0, description="Side of the square input in pixels.")
    preprocessing: str = Field(description="For the reader; services/embedder/prepare.py is the code.")
    gem_p: float = Field(gt=0)
    torch_weights_sha256: str = Field(description="Of the checkpoint that encoder.onnx was exported from.")
    training: dict[str, str] = Field(
        default_factory=dict, description="What it was trained on (its hash among it) and how; empty: not trained."
    )
    files: dict[str, str] = Field(description="File name -> sha256.")
    no_match_below: float = Field(ge=-1, le=1, description="Cosine below which a picture's best hit is not the piece.")
    same: Sameness | None = Field(None, description="That an item is the piece of a photo, by cosine.")
    style: Probability | None = Field(None, description="That two pieces are of a similar style, by cosine.")
    look_at_least: float = Field(
        0.6, ge=0, lt=1, description="Cosine from which on two pieces may be told to look alike."
    )
    form_dimension: int | None = Field(
        None, gt=0, description="So many numbers of a vector are of the form, the others of the colours."
    )
    heads: dict[AttributeName, HeadClasses] = Field(
        default_factory=dict, description="Attribute -> its head in heads.npz; what has none is never told."
    )


def learned_from(manifest: Manifest) -> str:
    """What its weights were trained on, in words for whoever must know."""
    words = {
        "clean": "own renders and free licences",
        "all": "also photographs without a licence",
        "": "ImageNet alone",
    }
    encoder, heads = (manifest.training.get(part, "") for part in ("sources", "heads"))
    return f"encoder: {words[encoder]}; heads: {words[heads] if heads else 'none'}; see card.md"


def model_of(manifest: Manifest) -> Model:
    """What other services are told of it."""
    return Model(
        version=manifest.version,
        dimension=manifest.dimension,
        no_match_below=manifest.no_match_below,
        look_at_least=manifest.look_at_least,
        same=manifest.same,
        style=manifest.style,
        form_dimension=manifest.form_dimension,
    )


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
            "Set EMBEDDER_MODEL_DIRS to folders made by `make model` or `make train`."
        ) from error
    except ValidationError as error:
        raise Permanent(f"{folder / 'manifest.json'} does not follow the model manifest: {error}") from error
    for name, expected in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise Permanent(
                f"The model file {path} is missing. Restore the folder, or make it with `make model` or `make train`."
            )
        actual = file_sha256(path)
        if actual != expected:
            raise Permanent(
                f"The model file {path} is not the one its manifest names (sha256 {actual}, expected {expected}). "
                "Restore it, or make the folder again with `make model` or `make train`."
            )
    return manifest
