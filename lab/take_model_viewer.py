"""The file of `@google/model-viewer` by which the page shows pieces in 3-D, out of its npm package, unchanged."""

from __future__ import annotations

import base64
import hashlib
import re
import tarfile
from pathlib import Path

from services.gateway.routes.page import FILES

VENDOR = FILES / "vendor" / "model-viewer"
TGZ = "google-model-viewer-4.4.0.tgz"
SHA256 = "8b621bd58da86cfa9908aaedf5a263d49770d08fc9e04ca661e3019616565f02"
"""Of what `npm pack @google/model-viewer@4.4.0` brings."""
KEPT = {"package/dist/model-viewer.min.js": "model-viewer.min.js", "package/LICENSE": "LICENSE"}


def take(folder: Path) -> list[Path]:
    """Write what is kept below `VENDOR`, out of the .tgz in `folder`; raises ValueError where it is another."""
    data = (folder / TGZ).read_bytes()
    if (found := hashlib.sha256(data).hexdigest()) != SHA256:
        raise ValueError(f"{TGZ} has the sha256 {found}, not {SHA256}")
    VENDOR.mkdir(parents=True, exist_ok=True)
    with tarfile.open(folder / TGZ) as packed:
        for name, kept in KEPT.items():
            member = packed.extractfile(name)
            if member is None:
                raise ValueError(f"{TGZ} has no {name}")
            (VENDOR / kept).write_bytes(member.read())
    return [VENDOR / kept for kept in KEPT.values()]


def style_hash(script: str) -> str:
    """The source by which a policy lets the script's only `<style>` be, as CSP level 3 has it: `sha256-...`.

    Raises ValueError where there is not exactly one.
    """
    styles = re.findall(r"<style>(.*?)</style>", script, re.DOTALL)
    if len(styles) != 1:
        raise ValueError(f"{len(styles)} styles, not one")
    return f"sha256-{base64.b64encode(hashlib.sha256(styles[0].encode()).digest()).decode()}"
