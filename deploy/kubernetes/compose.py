"""What the compose file says of our services: settings, secrets, limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

COMPOSE = Path(__file__).parents[2] / "docker-compose.yml"


@dataclass(frozen=True)
class Part:
    """A service as compose has it. `secrets`: each as it is named, and the file by which the service reads it."""

    name: str
    settings: Mapping[str, str]
    secrets: Mapping[str, str]
    memory: str
    cores: float

    @property
    def port(self) -> int:
        return PORTS[self.name]


PORTS = {
    "gateway": 8080,
    "embedder": 8091,
    "indexer": 8092,
    "recommender": 8093,
    "inventory": 8094,
    "authenticity": 8095,
}
"""The defaults in each service's settings."""
_OF_ONE_MACHINE = {"GATEWAY_PAGE_TENANT", "api_key"}
"""By these the page shows one shop without a key, to whoever sits at that machine."""
_CORES_BESIDE_A_GPU = 4
_IN_A_CLUSTER = {"gateway": {"FORWARDED_ALLOW_IPS": "*"}}
"""Nobody but the ingress controller reaches it, as its NetworkPolicy says: what that tells of clients is true."""


def parts(compose: Path = COMPOSE) -> Sequence[Part]:
    services: Mapping[str, Any] = yaml.safe_load(compose.read_text())["services"]
    return [_part(name, services["embedder-gpu" if name == "embedder" else name]) for name in PORTS]


def _part(name: str, said: Mapping[str, Any]) -> Part:
    given = {key: str(value) for key, value in said["environment"].items()}
    settings = {key: value for key, value in given.items() if key not in _OF_ONE_MACHINE and not value.startswith("${")}
    settings |= _IN_A_CLUSTER.get(name, {})
    named = [(one, one) if isinstance(one, str) else (one["source"], one["target"]) for one in said["secrets"]]
    secrets = {source: file for source, file in named if source not in _OF_ONE_MACHINE}
    return Part(name, settings, secrets, said["mem_limit"], float(said.get("cpus", _CORES_BESIDE_A_GPU)))
