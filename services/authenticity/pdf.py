"""A report as a PDF: what the sealed report says, its pictures, the sealed report as an attachment, and a signature.

The signature is a comment behind the file's end, over every byte before it: readers pass it over, and
`loupe check-report` finds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from pylopdf_fonts_zh_cn import sans_path

from shared.contracts.references import Language, Sealed, Words
from shared.contracts.verifying import PDF_TYPE, Outcome, Verdict, Verification
from shared.signing import SigningKey
from shared.signing.files import signed_file

ATTACHED = "report.json"
_WIDTH_MM = 180.0
_SAID: dict[Language, dict[str, Any]] = orjson.loads((Path(__file__).parent / "pdf_words.json").read_bytes())
# No green: it would look like a stamp of approval.
_COLOURS: dict[Outcome, tuple[int, int, int]] = {
    "match": (35, 80, 130),
    "mismatch": (160, 45, 40),
    "cannot_tell": (95, 95, 95),
}
_LATIN, _ALL = "Helvetica", "NotoSansSC"


def report_pdf(
    made: Verification, sealed: Sealed, pictures: Mapping[str, bytes], key: SigningKey, language: Language = "en"
) -> bytes:
    """`pictures`: JPEGs by their names. Takes a second where something of it is not Latin, else a tenth of one."""
    page = _Page(language)
    say = _SAID[language]
    page.pdf.set_title(say["name"].format(id=made.verification_id))
    page.pdf.set_creation_date(made.created_at)
    page.line(say["title"], 18, bold=True)
    page.line(say["made"].format(id=made.verification_id, at=f"{made.created_at:%Y-%m-%d %H:%M}"), 9)
    version = {"id": made.reference_id, "version": made.compared.reference_version}
    named = say["version"].format(**version) if made.reference_id else ""
    page.line(say["against"].format(title=made.reference_title or say["nothing"]) + named, 9)
    page.space(3)
    page.verdict("design", made.design)
    page.verdict("piece", made.piece)
    page.space(1)
    page.line(page.of(made.words), 11)
    page.line(page.of(made.not_claimed), 10, bold=True)
    page.space(2)
    page.line(say["rests"], 12, bold=True)
    for reason in made.reasons:
        page.line(f"- {_place(say, reason.photo, reason.view)}{page.of(reason.words)}", 10)
    for retake in made.retakes:
        page.line(f"- {say['helps']}{page.of(retake.words)}", 10)
    for picture in made.pictures:
        if data := pictures.get(picture.name):
            page.space(3)
            page.line(say["pictures"].format(photo=picture.photo + 1, view=say["views"][picture.view]), 9)
            page.pdf.image(BytesIO(data), w=_WIDTH_MM)
    page.space(3)
    page.line(say["compared"], 12, bold=True)
    page.line(page.of(made.compared.what), 10)
    for number, sha256 in enumerate(made.compared.photos, 1):
        page.line(say["photo"].format(number=number, sha256=sha256), 7)
    for number, sha256 in enumerate(made.compared.reference_pictures, 1):
        page.line(say["registered"].format(number=number, sha256=sha256), 7)
    page.line(say["method"].format(method=made.compared.method, decided_by=made.compared.decided_by), 7)
    page.line(say["signed"].format(kid=key.public.kid), 7)
    content = orjson.dumps(sealed.model_dump(mode="json"))
    page.pdf.embed_file(bytes=content, basename=ATTACHED, compress=False, mime_type="application/json")
    return signed_file(bytes(page.pdf.output()), PDF_TYPE, key)


def _place(say: Mapping[str, Any], photo: int | None, view: str | None) -> str:
    if photo is None:
        return ""
    told: str = say["place" if view else "place_alone"]
    return told.format(photo=photo + 1, view=say["views"].get(view))


def _percent(probability: float) -> str:
    """Never 0 or 100: no photo makes anything certain."""
    return "> 99%" if probability > 0.99 else "< 1%" if probability < 0.01 else f"{probability:.0%}"


class _Page:
    """Latin text in a font that every reader has; a line with anything else in Noto Sans SC, of which the file carries
    the letters that it needs."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self.pdf = FPDF(format="A4")
        self.pdf.set_margins(15, 15)
        self.pdf.set_auto_page_break(True, 18)
        self.pdf.add_page()

    def of(self, words: Words) -> str:
        return words.zh if self._language == "zh" else words.en

    def space(self, millimetres: float) -> None:
        self.pdf.ln(millimetres)

    def verdict(self, of: str, verdict: Verdict) -> None:
        say = _SAID[self._language]
        likely = "" if verdict.probability is None else say["likely"].format(percent=_percent(verdict.probability))
        self.pdf.set_text_color(*_COLOURS[verdict.outcome])
        self.line(say["verdict"].format(of=say[of], outcome=say[verdict.outcome]) + likely, 13, bold=True)
        self.pdf.set_text_color(0, 0, 0)

    def line(self, text: str, size: int, *, bold: bool = False) -> None:
        if _is_latin(text):
            self.pdf.set_font(_LATIN, "B" if bold else "", size)
        else:
            text = self._readable(text)
            self.pdf.set_font(_ALL, size=size)  # it has no bold: size and colour tell headings
        self.pdf.multi_cell(0, size * 0.5, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _readable(self, text: str) -> str:
        """With a question mark for what the font has no letter for."""
        name = _ALL.lower()
        if name not in self.pdf.fonts:
            self.pdf.add_font(_ALL, fname=sans_path())
        has: Mapping[int, Any] = self.pdf.fonts[name].cmap  # type: ignore[union-attr] # a font of a file has one
        return "".join(each if ord(each) in has else "?" for each in text)


def _is_latin(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True
