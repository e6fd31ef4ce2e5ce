"""`python -m bench.scale` writes the tables of docs/scale.md and its chart anew; the words around them stay."""

from __future__ import annotations

from bench.scale.chart import svg
from bench.scale.document import CHART, DOCUMENT, filled

if __name__ == "__main__":
    DOCUMENT.write_text(filled(DOCUMENT.read_text()))
    CHART.write_text(svg())
