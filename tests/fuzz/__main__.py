"""`python -m tests.fuzz TARGET [SECONDS]` fuzzes one of the targets, from its seeds on, and keeps what breaks it.

New inputs that reach new code go to a folder that is thrown away; one that raises is written to tests/fixtures/fuzz.
"""

from __future__ import annotations

import sys
import tempfile
import warnings

import atheris

_WATCHED = {
    "decoder": ["PIL", "services.embedder", "services.gateway.headers"],
    "imports": ["shared.imports", "shared.contracts"],
    "envelope": ["shared.contracts"],
}
"""What is instrumented, which takes its time: a minute for Pillow."""

with atheris.instrument_imports(include=_WATCHED.get(sys.argv[1], [])):
    from tests.fuzz.targets import SEEDS, TARGETS

_SECONDS = "600"
_MAX_BYTES = 20_000


def main() -> None:
    name, seconds, *_ = [*sys.argv[1:], _SECONDS]
    warnings.simplefilter("ignore")
    seeds = SEEDS / name
    with tempfile.TemporaryDirectory() as found:
        options = [f"-max_total_time={seconds}", f"-max_len={_MAX_BYTES}", "-timeout=20", "-rss_limit_mb=3000"]
        atheris.Setup([sys.argv[0], found, str(seeds), f"-artifact_prefix={seeds}/", *options], TARGETS[name])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
