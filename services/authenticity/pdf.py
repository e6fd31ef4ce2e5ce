"""A report as a PDF: what the sealed report says, its pictures, the sealed report as an attachment, and a signature.

The signature is a comment behind the file's end, over every byte before it: readers pass it over, and
`loupe check-report` finds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO

import orjson
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from shared.contracts.references import Sealed
from shared.contracts.verifying import Outcome, Verdict, Verification
from shared.signing import SigningKey
from shared.signing.files import signed_file

PDF_TYPE = "loupe-report-pdf"
ATTACHED = "report.json"
_WIDTH_MM = 180.0
_OUTCOMES: dict[Outcome, str] = {
    "match": "agrees with the registered photographs",
    "mismatch": "differs from the registered photographs",
    "cannot_tell": "cannot be told from these photographs",
}
_COLOURS: dict[Outcome, tuple[int, int, int]] = {
    "match": (30, 100, 70),
    "mismatch": (160, 45, 40),
    "cannot_tell": (95, 95, 95),
}


def report_pdf(made: Verification, sealed: Sealed, pictures: Mapping[str, bytes], key: SigningKey) -> bytes:
    """In English: the fonts of every PDF reader have no Chinese. `pictures`: JPEGs by their names."""
    pdf = FPDF(format="A4")
    pdf.set_margins(15, 15)
    pdf.set_auto_page_break(True, 18)
    pdf.set_title(f"Comparison report {made.verification_id}")
    pdf.set_creation_date(made.created_at)
    pdf.add_page()
    _line(pdf, "Comparison of photographs", 18, bold=True)
    _line(pdf, f"Report {made.verification_id}, made {made.created_at:%Y-%m-%d %H:%M} UTC", 9)
    against = f"Compared with: {made.reference_title or 'nothing that is registered'}"
    named = f" ({made.reference_id}, version {made.compared.reference_version})" if made.reference_id else ""
    _line(pdf, against + named, 9)
    pdf.ln(3)
    _verdict(pdf, "Design", made.design)
    _verdict(pdf, "This very piece", made.piece)
    pdf.ln(1)
    _line(pdf, made.words.en, 11)
    _line(pdf, made.not_claimed.en, 10, bold=True)
    pdf.ln(2)
    _line(pdf, "What this rests on", 12, bold=True)
    for reason in made.reasons:
        place = "" if reason.photo is None else f"Photo {reason.photo + 1}, {reason.view or 'registered'} view: "
        _line(pdf, f"- {place}{reason.words.en}", 10)
    for retake in made.retakes:
        _line(pdf, f"- A photo that would help: {retake.words.en}", 10)
    for picture in made.pictures:
        if data := pictures.get(picture.name):
            pdf.ln(3)
            _line(pdf, f"Photo {picture.photo + 1} (left), registered {picture.view} view (right)", 9)
            pdf.image(BytesIO(data), w=_WIDTH_MM)
    pdf.ln(3)
    _line(pdf, "What was compared", 12, bold=True)
    _line(pdf, made.compared.what.en, 10)
    for number, sha256 in enumerate(made.compared.photos, 1):
        _line(pdf, f"Photo {number}: SHA-256 {sha256}", 7)
    for number, sha256 in enumerate(made.compared.reference_pictures, 1):
        _line(pdf, f"Registered picture {number}: SHA-256 {sha256}", 7)
    _line(pdf, f"Method {made.compared.method}; decided by {made.compared.decided_by}", 7)
    _line(pdf, f"This file is signed; `loupe check-report` checks it without a network. Key {key.public.kid}", 7)
    content = orjson.dumps(sealed.model_dump(mode="json"))
    pdf.embed_file(bytes=content, basename=ATTACHED, compress=False, mime_type="application/json")
    return signed_file(bytes(pdf.output()), PDF_TYPE, key)


def _verdict(pdf: FPDF, of: str, verdict: Verdict) -> None:
    pdf.set_text_color(*_COLOURS[verdict.outcome])
    likely = "" if verdict.probability is None else f" (probability of agreement {verdict.probability:.1%})"
    _line(pdf, f"{of}: {_OUTCOMES[verdict.outcome]}{likely}", 13, bold=True)
    pdf.set_text_color(0, 0, 0)


def _line(pdf: FPDF, text: str, size: int, *, bold: bool = False) -> None:
    pdf.set_font("Helvetica", "B" if bold else "", size)
    readable = text.encode("latin-1", "replace").decode("latin-1")
    pdf.multi_cell(0, size * 0.5, readable, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
