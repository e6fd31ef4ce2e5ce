"""`python -m deploy.kubernetes` writes deploy/kubernetes/base anew, from the compose file and Prometheus's alerts."""

from __future__ import annotations

from pathlib import Path

import yaml

from deploy.kubernetes.around import allowed, budgets, monitoring, namespace, scaling
from deploy.kubernetes.compose import parts
from deploy.kubernetes.workloads import Manifest, deployment, qdrant, service, shared_folders

BASE = Path(__file__).parent / "base"
_ALERTS = Path(__file__).parents[1] / "prometheus" / "alerts.yml"
_HEAD = "# Made by `python -m deploy.kubernetes` from {}: change that, or patch this in an overlay.\n"


def loupe() -> list[Manifest]:
    ours = parts()
    return [
        namespace(),
        *(each for part in ours for each in (deployment(part), service(part.name, part.port))),
        *shared_folders(),
        *qdrant(),
        *allowed(ours),
        *budgets(),
        *scaling(),
    ]


class _Plain(yaml.SafeDumper):  # type: ignore[misc] # it has no types
    """Repeats what is said twice, instead of pointing at it."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def files() -> dict[str, str]:
    """By name, each with what it holds."""
    alerts = yaml.safe_load(_ALERTS.read_text())
    return {
        "loupe.yaml": _HEAD.format("docker-compose.yml") + _dumped(loupe()),
        "monitoring.yaml": _HEAD.format("deploy/prometheus/alerts.yml") + _dumped(monitoring(alerts)),
    }


def _dumped(manifests: list[Manifest]) -> str:
    text: str = yaml.dump_all(manifests, Dumper=_Plain, sort_keys=False, width=120)
    return text


if __name__ == "__main__":
    for name, text in files().items():
        (BASE / name).write_text(text)
