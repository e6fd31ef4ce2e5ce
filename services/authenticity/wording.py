"""What the service says to people, in English and Chinese: `words.json`.

Every text there was read with one question: could someone take this for a certificate of genuineness? What is compared
is pictures; what is said is how alike they are.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from shared.contracts.references import Words
from shared.contracts.verifying import RetakeCode


class _Said(BaseModel):
    """`verdicts` by "design/piece"; the others by code."""

    model_config = ConfigDict(extra="forbid")

    not_claimed: Words
    statement: Words
    compared: Words
    helps: Words
    another: Words
    verdicts: dict[str, Words]
    reasons: dict[str, Words]
    retakes: dict[str, Words]
    guidance: dict[str, Words]


_SAID = _Said.model_validate_json((Path(__file__).parent / "words.json").read_bytes())
NOT_CLAIMED, STATEMENT, COMPARED = _SAID.not_claimed, _SAID.statement, _SAID.compared
ANOTHER = _SAID.another
"""Of a photo that shows quite another piece."""
RETAKE_OF: dict[str, RetakeCode] = {
    "blurred": "sharper",
    "glare": "less-glare",
    "too-small": "nearer",
    "too-dark": "lighter",
    "no-piece": "whole-piece",
    "cut-off": "whole-piece",
    "other-side": "same-side",
    "not-aligned": "same-side",
    "same-picture": "own-photo",
}
"""Which photo would help against what is wrong with one."""


def of_verdict(design: str, piece: str, helps: bool = False) -> Words:
    """`helps`: some photo is named that would help."""
    said = _SAID.verdicts[f"{design}/{piece}"]
    if not (helps and design == "cannot_tell"):
        return said
    return Words(en=f"{said.en} {_SAID.helps.en}", zh=f"{said.zh}{_SAID.helps.zh}")


def of_reason(code: str, **told: str) -> Words:
    words = _SAID.reasons[code]
    return Words(en=words.en.format(**told), zh=words.zh.format(**told)) if told else words


def of_retake(code: str) -> Words:
    return _SAID.retakes[code]


def of_guidance(code: str) -> Words:
    """Of a guidance code, or of what is wrong with a photo, with what to do about it."""
    if code in _SAID.guidance:
        return _SAID.guidance[code]
    said, do = _SAID.reasons[code], _SAID.retakes[RETAKE_OF[code]]
    return Words(en=f"{said.en} {do.en}", zh=f"{said.zh}{do.zh}")
