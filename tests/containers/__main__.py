"""Builds the images, starts them by docker-compose, runs the end-to-end test against them, and writes the report.

It needs root and what `tests/install-debian-packages containers` installs. Its daemon, images and checkout are below
`--folder`, apart from any other Docker of the machine; that is kept, so that the base is there for the next time.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.containers import images
from tests.containers.daemon import daemon_for_building, daemon_for_running
from tests.containers.report import GATEWAY_OVER_BASE, report

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "bench/reports/containers.md"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp/loupe-docker-check"))  # noqa: S108 - root's
    folder: Path = parser.parse_args().folder.resolve()
    if os.geteuid() != 0:
        parser.error("a Docker daemon of its own needs root")
    checkout = _checked_out(folder)

    with daemon_for_building(folder) as daemon:
        _say("building images")
        built = [images.make_base(daemon, folder), *images.build_ours(daemon, checkout)]
        substitutes = images.build_substitutes(daemon, checkout)
    base, gateway = (next(image for image in built if name in image.name) for name in (images.BASE, "loupe-gateway"))
    over = gateway.size - base.size
    if over > GATEWAY_OVER_BASE:
        _say(f"the gateway's image has {over} bytes over its base, more than {GATEWAY_OVER_BASE}")
        return 1

    with daemon_for_running(folder) as daemon:
        _say("running the tests")
        tests = [sys.executable, "-m", "pytest", "-v", str(ROOT / "tests/containers")]
        environment = {**daemon.environment, "LOUPE_COMPOSED": str(checkout), "BASE_IMAGE": images.BASE}
        done = subprocess.run(daemon.inside(*tests), env=environment, cwd=ROOT)
    if done.returncode == 0:
        measured = json.loads((folder / "measured.json").read_text())
        REPORT.write_text(report(built, substitutes, measured, os.cpu_count() or 1))
        _say(f"written: {REPORT.relative_to(ROOT)}")
    return done.returncode


def _checked_out(folder: Path) -> Path:
    """What git knows of the tree, as it stands: neither an operator's secrets nor caches."""
    checkout = folder / "checkout"
    shutil.rmtree(checkout, ignore_errors=True)
    checkout.mkdir(parents=True)
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout
    there = b"\0".join(name for name in names.split(b"\0") if name and (ROOT / os.fsdecode(name)).exists())
    archive = ["tar", "--create", "--null", "--files-from=-"]
    packed = subprocess.run(archive, cwd=ROOT, input=there, capture_output=True, check=True).stdout
    subprocess.run(["tar", "--extract", "--directory", str(checkout)], input=packed, check=True)
    return checkout


def _say(words: str) -> None:
    sys.stdout.write(f"--- {words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
