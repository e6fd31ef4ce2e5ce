"""The images of the check: a base of Debian's packages, ours on it as compose builds them, and substitutes."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.containers.daemon import Daemon

BASE = "loupe-check-base"
OURS = ("gateway", "embedder", "indexer", "recommender", "inventory", "authenticity", "loupe")
"""Services of docker-compose.yml that are built. Two others want what is not here: a GPU, and Qdrant's own server."""
SUBSTITUTES = {
    "redis": "redis",
    "postgres": "postgres",
    "minio": "minio",
    "qdrant": "qdrant",
    "prometheus": "prometheus",
    "alertmanager": "alertmanager",
}
"""Service of docker-compose.yml -> target of substitutes/Dockerfile."""
_HERE = Path(__file__).parent
_PACKAGES = "ca-certificates,python3,python3-venv"
_LEFT_OUT = ("var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale")
_LOCAL_NETWORK = (Path("/etc/ssl/certs/ca-certificates.crt"), Path("/etc/pip.conf"))
"""What this machine needs to reach package registries goes into the base of the check, and nowhere else."""


@dataclass(frozen=True)
class Built:
    """An image: its size in bytes with all that it stands on, and how long it took, None where it was there already."""

    name: str
    size: int
    seconds: float | None


def make_base(daemon: Daemon, folder: Path) -> Built:
    """Debian's smallest userland with its Python, as `BASE`; it is made once in `folder`."""
    if _size(daemon, BASE) is not None:
        return _built(daemon, BASE, None)
    started = time.monotonic()
    root = folder / "base"
    shutil.rmtree(root, ignore_errors=True)
    _run(daemon, "debootstrap", "--variant=minbase", f"--include={_PACKAGES}", "bookworm", str(root))
    for left_out in _LEFT_OUT:
        shutil.rmtree(root / left_out)
        (root / left_out).mkdir()
    for file in _LOCAL_NETWORK:
        if file.exists():
            shutil.copyfile(file, root / file.relative_to("/"))
    with subprocess.Popen(["tar", "--directory", str(root), "--create", "."], stdout=subprocess.PIPE) as tar:
        assert tar.stdout
        daemon.run("docker", "import", "-", BASE, given=tar.stdout.fileno())
    assert tar.returncode == 0
    shutil.rmtree(root)
    return _built(daemon, BASE, time.monotonic() - started)


def build_ours(daemon: Daemon, checkout: Path) -> list[Built]:
    """Each of our images as docker-compose builds it, nothing taken from an earlier build."""
    images = compose_file(daemon, checkout)["services"]
    files = [f"--file={file}" for file in ("docker-compose.yml", _HERE / "building.yml")]
    files += ["--project-directory", str(checkout)]
    built = []
    for service in OURS:
        started = time.monotonic()
        _run(daemon, "docker-compose", *files, "--profile", "tools", "build", "--no-cache", service, at=checkout)
        built.append(_built(daemon, images[service]["image"], time.monotonic() - started))
    return built


def build_substitutes(daemon: Daemon, checkout: Path) -> list[Built]:
    """Programs from Debian and PyPI by the names of the images that docker-compose.yml starts."""
    services = compose_file(daemon, checkout)["services"]
    tools = services["loupe"]["image"]
    built = []
    for service, target in SUBSTITUTES.items():
        started = time.monotonic()
        name = services[service]["image"]
        arguments = [f"--build-arg=BASE_IMAGE={BASE}", f"--build-arg=TOOLS_IMAGE={tools}", f"--target={target}"]
        dockerfile = f"--file={checkout / 'tests/containers/substitutes/Dockerfile'}"
        arguments += ["--network=host", f"--tag={name}", dockerfile]
        _run(daemon, "docker", "build", *arguments, str(checkout / "tests"))
        built.append(_built(daemon, name, time.monotonic() - started))
    return built


def compose_file(daemon: Daemon, checkout: Path) -> dict[str, Any]:
    """docker-compose.yml as docker-compose reads it."""
    read: dict[str, Any] = yaml.safe_load(_run(daemon, "docker-compose", "--profile", "tools", "config", at=checkout))
    return read


def _run(daemon: Daemon, *command: str, at: Path | None = None) -> str:
    set_up = ["env", f"BASE_IMAGE={BASE}", "DOCKER_BUILDKIT=0", "COMPOSE_DOCKER_CLI_BUILD=0"]
    return daemon.run(*set_up, *([f"--chdir={at}"] if at else []), *command)


def _built(daemon: Daemon, name: str, seconds: float | None) -> Built:
    size = _size(daemon, name)
    assert size is not None, f"there is no image {name}"
    return Built(name, size, seconds)


def _size(daemon: Daemon, name: str) -> int | None:
    listed = daemon.run("docker", "image", "ls", "--format", "{{.Repository}}", name)
    return int(daemon.run("docker", "image", "inspect", "--format", "{{.Size}}", name)) if listed else None
