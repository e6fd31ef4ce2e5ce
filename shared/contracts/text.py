"""Words as the index holds them: what a sentence means, and which terms it has."""

from __future__ import annotations

import hashlib
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.fields import ModelVersion, Sha256, Vector, unpack_vector
from shared.contracts.messages import ItemFields

TEXT_DIMENSION = 384
MAX_TERMS = 1_000
MAX_TEXT = 12_000
MAX_TEXTS = 16
Term = Annotated[int, Field(ge=0, lt=2**32)]
"""A hash of a word's stem."""
Weight = Annotated[float, Field(gt=0, le=100)]


class TextVectors(BaseModel):
    """A text as two vectors: its meaning, and its terms with how much each counts in it (rarity is not in it).

    `dense` is `pack_vector` of a unit-length float32 vector of `TEXT_DIMENSION` numbers.
    """

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    model_version: ModelVersion
    dense: str
    terms: dict[Term, Weight] = Field(max_length=MAX_TERMS)

    def meaning(self) -> Vector:
        return unpack_vector(self.dense)


class TextsIn(BaseModel):
    """What the gateway asks the vectors of: the answer is a list of `TextVectors` in the same order."""

    texts: list[Annotated[str, Field(max_length=MAX_TEXT)]] = Field(min_length=1, max_length=MAX_TEXTS)


def text_of(fields: ItemFields) -> str:
    """What a search by words finds an item by, what says most of it first: a meaning is of a text's beginning."""
    said = (fields.title, fields.brand or "", *fields.tags, *fields.attributes.values(), fields.description)
    return "\n".join(one for one in said if one)[:MAX_TEXT]


def sha256_of(text: str) -> Sha256:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def text_key(sha256: Sha256, model_version: ModelVersion) -> str:
    """Where the vectors of a text lie in the `analyses` bucket; `sha256` is of the text in UTF-8."""
    return f"texts/{sha256}/{model_version}.json"
