"""What is around the workloads: who may speak to whom, how many there are, and how many may go at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deploy.kubernetes.compose import Part
from deploy.kubernetes.workloads import NAMESPACE, OURS, REPLICAS, Manifest, labels, manifest

SCALED = {"gateway": 10, "recommender": 10}
"""By their use of processors, up to so many."""
_MOST_EMBEDDERS = 8
_SECONDS_WAITED = "30"
"""Of the oldest bundle in the embedder's queue: from there on there are more embedders."""
_STORES = (443, 5432, 5671, 5672, 6379, 6380, 9000)
"""HTTPS (S3, webhooks), PostgreSQL, AMQP, Redis, MinIO."""


def allowed(parts: Sequence[Part]) -> list[Manifest]:
    """Nothing but what is named here. The ingress controller and Prometheus are in namespaces of their own, labelled
    `loupe/ingress` and `loupe/monitoring`."""
    ports = {part.name: part.port for part in parts}
    asks = {
        "gateway": [name for name in ports if name != "gateway"],
        "inventory": ["embedder"],
        "authenticity": ["embedder"],
    }
    uses_index = ("indexer", "recommender")
    rules = []
    for name, port in ports.items():
        callers = [_pods(asking) for asking, asked in asks.items() if name in asked]
        if name == "gateway":
            callers.append(_namespace("loupe/ingress"))
        spec = {
            "podSelector": {"matchLabels": labels(name)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [
                *([{"from": callers, "ports": [{"port": port}]}] if callers else []),
                {"from": [_namespace("loupe/monitoring")], "ports": [{"port": port}]},
            ],
            "egress": [
                _DNS,
                {"ports": [{"port": store} for store in _STORES]},
                *({"to": [_pods(asked)], "ports": [{"port": ports[asked]}]} for asked in asks.get(name, [])),
                *([{"to": [_pods("qdrant")], "ports": [{"port": 6333}]}] if name in uses_index else []),
            ],
        }
        rules.append(manifest("NetworkPolicy", "networking.k8s.io/v1", name, spec))
    index = {
        "podSelector": {"matchLabels": labels("qdrant")},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [
            {"from": [_pods(name) for name in uses_index], "ports": [{"port": 6333}]},
            {"from": [_pods("qdrant")], "ports": [{"port": 6335}]},
        ],
        "egress": [_DNS, {"to": [_pods("qdrant")], "ports": [{"port": 6335}]}],
    }
    return [*rules, manifest("NetworkPolicy", "networking.k8s.io/v1", "qdrant", index)]


def budgets() -> list[Manifest]:
    """A node that is emptied takes one replica at a time; of what has one alone, it waits for the next."""
    several = [name for name, replicas in REPLICAS.items() if replicas > 1]
    spec = {name: {"selector": {"matchLabels": labels(name)}, "maxUnavailable": 1} for name in (*several, "qdrant")}
    return [manifest("PodDisruptionBudget", "policy/v1", name, said) for name, said in spec.items()]


def scaling() -> list[Manifest]:
    cpu = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}
    found = []
    for name, most in SCALED.items():
        spec = {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": REPLICAS[name],
            "maxReplicas": most,
            "metrics": [cpu],
        }
        found.append(manifest("HorizontalPodAutoscaler", "autoscaling/v2", name, spec))
    by_age = {
        "scaleTargetRef": {"name": "embedder"},
        "minReplicaCount": REPLICAS["embedder"],
        "maxReplicaCount": _MOST_EMBEDDERS,
        "cooldownPeriod": 300,
        "triggers": [
            {
                "type": "prometheus",
                "metadata": {
                    "serverAddress": "http://prometheus-operated.monitoring.svc:9090",
                    "query": 'max(loupe_queue_oldest_seconds{queue="embedder"})',
                    "threshold": _SECONDS_WAITED,
                },
            }
        ],
    }
    return [*found, manifest("ScaledObject", "keda.sh/v1alpha1", "embedder", by_age)]


def monitoring(alerts: Mapping[str, Any]) -> list[Manifest]:
    """What the Prometheus operator takes: where the metrics are, and `alerts` as Prometheus has them in a file."""
    monitor = {
        "jobLabel": "app.kubernetes.io/name",
        "selector": {"matchLabels": {**OURS}},
        "podMetricsEndpoints": [{"port": "http", "path": "/metrics", "interval": "10s"}],
    }
    return [
        manifest("PodMonitor", "monitoring.coreos.com/v1", "loupe", monitor),
        manifest("PrometheusRule", "monitoring.coreos.com/v1", "loupe", dict(alerts)),
    ]


def namespace() -> Manifest:
    enforced = {"pod-security.kubernetes.io/enforce": "restricted", **OURS}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": enforced}}


_DNS = {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}


def _pods(name: str) -> dict[str, Any]:
    return {"podSelector": {"matchLabels": labels(name)}}


def _namespace(label: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {label: "true"}}}
