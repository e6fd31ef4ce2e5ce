"""The snippets of the documents, to be run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def snippet(page: str, language: str, holding: str) -> str:
    """The one code block of a page in this language that holds this text."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    (found,) = [block for block in blocks if holding in block]
    return str(found)


def snippets(page: str, language: str, heading: str) -> list[str]:
    """All code blocks in this language under a heading of the page, down to the next heading of its rank."""
    rank = heading.partition(" ")[0]
    (section,) = re.findall(
        rf"^{re.escape(heading)}$\n(.*?)(?=^{rank} |\Z)", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL
    )
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


def openapi_examples(document: dict[str, Any], path: str, method: str) -> list[tuple[str, Any]]:
    """The examples of an operation's body: the media type, and the value as JSON or, for a form, as its text parts."""
    found: list[tuple[str, Any]] = []
    for media_type, body in document["paths"][path][method]["requestBody"]["content"].items():
        found += [(media_type, example["value"]) for example in body.get("examples", {}).values()]
        for name, part in body["schema"].get("properties", {}).items():
            found += [(media_type, {name: text}) for text in part.get("examples", ())]
    return found


def run_alone(code: str, language: str, folder: Path, **environment: str) -> str:
    """What it prints, run in `folder` by a process that can import nothing of ours. Fails when it does."""
    guard = "import sys; sys.modules.update(dict.fromkeys(['shared', 'services', 'deploy', 'loupe']))\n"
    command = {"python": [sys.executable, "-I", "-c", guard + code], "sh": ["sh", "-ec", code]}[language]
    done = subprocess.run(
        command,
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
