"""What would make a reference better to compare with: views that are missing, photos that are worth little."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.authenticity import wording
from services.authenticity.tables import ReferencePictureRow
from shared.contracts.comparing import TEXT_VIEWS, Photo, View
from shared.contracts.references import Guidance, ReferenceIn

_WANTED: dict[str, tuple[View, ...]] = {"piece": ("front", "side", "back", "hallmark"), "design": ("front", "side")}
"""By kind, the views without which much cannot be told. A piece is told from its like by its marks alone."""


def guidance(said: ReferenceIn, pictures: Sequence[ReferencePictureRow]) -> list[Guidance]:
    """What to photograph next, the most useful first."""
    return [*_missing(said, pictures), *_poor(pictures)]


def _missing(said: ReferenceIn, pictures: Sequence[ReferencePictureRow]) -> Iterator[Guidance]:
    there = {picture.view for picture in pictures}
    for view in _WANTED[said.kind]:
        if view not in there and not (view == "hallmark" and "serial" in there):
            yield Guidance(code="view-missing", view=view, words=wording.of_guidance("view-missing"))
    sized = said.size_mm and (said.size_mm.width or said.size_mm.height)
    if not sized and "scale" not in there:
        yield Guidance(code="scale-missing", view="scale", words=wording.of_guidance("scale-missing"))
    texts = {"hallmark": said.hallmark_text, "serial": said.serial_text}
    for text_view in TEXT_VIEWS:
        if text_view in there and not texts[text_view]:
            yield Guidance(code="text-missing", view=text_view, words=wording.of_guidance("text-missing"))


def _poor(pictures: Sequence[ReferencePictureRow]) -> Iterator[Guidance]:
    for picture in pictures:
        view: View = picture.view  # type: ignore[assignment] # as it was validated when it came
        for code in Photo.model_validate(picture.measured).codes if picture.measured else ():
            yield Guidance(code=code, view=view, sha256=picture.sha256, words=wording.of_guidance(code))
