"""The snippets of the documents, to be run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def snippet(page: str, language: str, holding: str) -> str:
    """The one code block of a page in this language that holds this text."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    (found,) = [block for block in blocks if holding in block]
    return str(found)


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
