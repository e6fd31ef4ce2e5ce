"""docs/scale.md: words by hand, and tables between markers."""

from __future__ import annotations

import re

from bench.scale.constants import ROOT
from bench.scale.tables import every

DOCUMENT = ROOT / "docs/scale.md"
CHART = ROOT / "docs/images/scale.svg"


def filled(text: str) -> str:
    """The document with each of its tables computed. Raises `KeyError` for a marker that names none."""
    made = every()
    return re.sub(
        r"(<!-- computed: ([a-z ]+) -->\n).*?(<!-- end -->)",
        lambda found: f"{found[1]}\n{made[found[2]]}\n\n{found[3]}",
        text,
        flags=re.DOTALL,
    )
