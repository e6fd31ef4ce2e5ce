"""The manifests for Kubernetes: made from what compose says, valid, and closed where compose is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from pydantic_settings import BaseSettings

from deploy.kubernetes.__main__ import BASE, files
from deploy.kubernetes.compose import COMPOSE, PORTS, parts
from services.authenticity.settings import Settings as Authenticity
from services.embedder.settings import Settings as Embedder
from services.gateway.settings import Settings as Gateway
from services.indexer.settings import Settings as Indexer
from services.inventory.settings import Settings as Inventory
from services.recommender.settings import Settings as Recommender

SETTINGS: dict[str, type[BaseSettings]] = {
    "gateway": Gateway,
    "embedder": Embedder,
    "indexer": Indexer,
    "recommender": Recommender,
    "inventory": Inventory,
    "authenticity": Authenticity,
}
FOLDER = BASE.parent
OF_OPERATORS = {"ScaledObject", "PodMonitor", "PrometheusRule", "Kustomization"}
KUBERNETES = "1.31"


def manifests(kind: str | None = None) -> list[dict[str, Any]]:
    found = [each for text in files().values() for each in yaml.safe_load_all(text)]
    return [each for each in found if kind in (None, each["kind"])]


def pods() -> dict[str, dict[str, Any]]:
    ran = [*manifests("Deployment"), *manifests("StatefulSet")]
    return {each["metadata"]["name"]: each["spec"]["template"]["spec"] for each in ran}


def test_the_files_are_those_that_the_command_makes() -> None:
    assert {name: (BASE / name).read_text() for name in files()} == files()


@pytest.mark.parametrize("file", sorted(FOLDER.rglob("*.yaml")), ids=lambda file: file.name)
def test_every_manifest_is_one_that_kubernetes_knows(file: Path) -> None:
    for each in yaml.safe_load_all(file.read_text()):
        if each["kind"] not in OF_OPERATORS:
            kubernetes_validate.validate(each, KUBERNETES, strict=True)


def test_every_service_of_ours_in_compose_runs_at_the_port_of_its_settings() -> None:
    built = {name for name, said in yaml.safe_load(COMPOSE.read_text())["services"].items() if "build" in said}
    assert built - {"embedder-gpu", "vector-suite", "loupe"} == set(PORTS) == set(SETTINGS)
    assert {name: each.model_fields["port"].default for name, each in SETTINGS.items()} == PORTS
    ports = {each["metadata"]["name"]: each["spec"]["ports"][0]["port"] for each in manifests("Service")}
    assert ports == {**PORTS, "qdrant": 6333, "qdrant-nodes": 6335}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_service_can_be_built_from_the_settings_and_secrets_that_its_pod_has(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (container,) = pods()[name]["containers"]
    for variable in container["env"]:
        monkeypatch.setenv(variable["name"], variable["value"])
    secrets = next(volume["secret"] for volume in pods()[name]["volumes"] if "secret" in volume)
    for item in secrets["items"]:
        (tmp_path / item["path"]).write_text(f"postgresql://{item['key']}/x" if "url" in item["key"] else "x" * 44)
    settings = SETTINGS[name](_secrets_dir=tmp_path).model_dump()
    assert settings["host"] == "0.0.0.0"  # noqa: S104 - inside its pod
    if "database_url" in settings:
        assert settings["database_url"] == f"postgresql://{name}_database_url/x"
    assert settings.get("page_tenant") is None, "no shop is shown without a key"


def test_no_pod_is_root_writes_to_its_image_or_has_a_token_of_the_cluster() -> None:
    for name, pod in pods().items():
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsUser"] > 0, name
        for container in pod["containers"]:
            closed = container["securityContext"]
            assert closed["readOnlyRootFilesystem"], name
            assert closed["runAsNonRoot"], name
            assert closed["capabilities"] == {"drop": ["ALL"]}, name
            assert container["resources"]["limits"]["memory"], name


def test_each_pod_is_spoken_to_by_whom_it_needs_alone() -> None:
    rules = {each["metadata"]["name"]: each["spec"] for each in manifests("NetworkPolicy")}
    assert rules.keys() == pods().keys()
    callers = {
        name: {
            peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"]
            for rule in spec["ingress"]
            for peer in rule["from"]
            if "podSelector" in peer
        }
        for name, spec in rules.items()
    }
    assert callers == {
        "gateway": set(),
        "embedder": {"gateway", "inventory", "authenticity"},
        "indexer": {"gateway"},
        "recommender": {"gateway"},
        "inventory": {"gateway"},
        "authenticity": {"gateway"},
        "qdrant": {"indexer", "recommender", "qdrant"},
    }


def test_what_has_several_replicas_loses_one_at_a_time_and_is_spread() -> None:
    budgets = {each["metadata"]["name"]: each["spec"]["maxUnavailable"] for each in manifests("PodDisruptionBudget")}
    several = {each["metadata"]["name"] for each in manifests("Deployment") if each["spec"]["replicas"] > 1}
    assert budgets == dict.fromkeys({*several, "qdrant"}, 1)
    for name, pod in pods().items():
        spread = {each["topologyKey"] for each in pod["topologySpreadConstraints"]}
        assert spread == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}, name


def test_a_broker_or_database_that_is_away_takes_no_pod_out_of_service() -> None:
    ours = [container for name, pod in pods().items() if name in PORTS for container in pod["containers"]]
    asked = {(each["startupProbe"]["httpGet"]["path"], each["readinessProbe"]["httpGet"]["path"]) for each in ours}
    assert asked == {("/readyz", "/healthz")}, "ready once it could reach what it needs, and then while it lives"


def test_each_part_has_the_memory_that_compose_gives_it() -> None:
    said = {part.name: part.memory.replace("m", "Mi").replace("g", "Gi") for part in parts()}
    given = {name: pods()[name]["containers"][0]["resources"]["limits"]["memory"] for name in said}
    assert given == said
