"""What runs: a Deployment and a Service for each of ours, and Qdrant as a cluster."""

from __future__ import annotations

from typing import Any

from deploy.kubernetes.compose import Part

Manifest = dict[str, Any]
NAMESPACE = "loupe"
OURS = {"app.kubernetes.io/part-of": "loupe"}
SECRET = "loupe"  # noqa: S105 - the name of the object, whose keys are named as compose names its secrets
REPLICAS = {"gateway": 2, "embedder": 1, "indexer": 2, "recommender": 2, "inventory": 1, "authenticity": 1}
_USER = 10_001
_SECONDS_TO_STOP = 40
"""A service hands back its work within 30."""
_SHARED_FOLDER = {"gateway": ("forgotten", "/forgotten")}
"""On a disk that all replicas see: who was erased, for when an older backup comes back."""
_QDRANT_IMAGE = "qdrant/qdrant:v1.20.0"
QDRANT_NODES = 3


def labels(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": name, **OURS}


def manifest(kind: str, version: str, name: str, spec: Any) -> Manifest:
    about = {"name": name, "namespace": NAMESPACE, "labels": labels(name)}
    return {"apiVersion": version, "kind": kind, "metadata": about, "spec": spec}


def deployment(part: Part) -> Manifest:
    folder = _SHARED_FOLDER.get(part.name)
    container: Manifest = {
        "name": part.name,
        "image": f"loupe-{part.name}{'-gpu' if part.name == 'embedder' else ''}",
        "ports": [{"name": "http", "containerPort": part.port}],
        "env": [{"name": name, "value": value} for name, value in sorted(part.settings.items())],
        "resources": _resources(part),
        "securityContext": _CLOSED,
        # Ready once, it stays in service while a broker or a database is away: what needs that is refused, and the rest
        # answered. Were readiness to ask for them, all pods would leave at once.
        "startupProbe": _probe("/readyz", every=2, failures=150),
        "livenessProbe": _probe("/healthz", every=10, failures=6),
        "readinessProbe": _probe("/healthz", every=5, failures=2),
        "volumeMounts": [
            {"name": "secrets", "mountPath": "/run/secrets", "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - of the container
            *([{"name": folder[0], "mountPath": folder[1]}] if folder else []),
        ],
    }
    items = [{"key": key, "path": path} for key, path in sorted(part.secrets.items())]
    pod = {
        **_pod(part.name),
        "terminationGracePeriodSeconds": _SECONDS_TO_STOP,
        "containers": [container],
        "volumes": [
            {"name": "secrets", "secret": {"secretName": SECRET, "items": items}},
            {"name": "tmp", "emptyDir": {"sizeLimit": "2Gi"}},
            *([{"name": folder[0], "persistentVolumeClaim": {"claimName": folder[0]}}] if folder else []),
        ],
    }
    if part.name == "embedder":
        pod["tolerations"] = [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    return manifest(
        "Deployment",
        "apps/v1",
        part.name,
        {
            "replicas": REPLICAS[part.name],
            "selector": {"matchLabels": labels(part.name)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": {"metadata": {"labels": labels(part.name)}, "spec": pod},
        },
    )


def service(name: str, port: int) -> Manifest:
    spec = {"selector": labels(name), "ports": [{"name": "http", "port": port, "targetPort": "http"}]}
    return manifest("Service", "v1", name, spec)


def shared_folders() -> list[Manifest]:
    spec = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}}
    return [manifest("PersistentVolumeClaim", "v1", name, spec) for name, _ in _SHARED_FOLDER.values()]


def qdrant() -> list[Manifest]:
    """Nodes that know each other by the first one's name. What is asked goes to any of them."""
    first = f"http://qdrant-0.qdrant-nodes.{NAMESPACE}.svc:6335"
    start = (
        f"self=http://$(hostname).qdrant-nodes.{NAMESPACE}.svc:6335; "
        f'if [ "$self" = {first} ]; then exec ./qdrant --uri "$self"; '
        f'else exec ./qdrant --bootstrap {first} --uri "$self"; fi'
    )
    key = {"secretKeyRef": {"name": SECRET, "key": "qdrant_api_key"}}
    container = {
        "name": "qdrant",
        "image": _QDRANT_IMAGE,
        "command": ["sh", "-c", start],
        "workingDir": "/qdrant",
        "env": [
            {"name": "QDRANT__CLUSTER__ENABLED", "value": "true"},
            {"name": "QDRANT__SERVICE__API_KEY", "valueFrom": key},
            {"name": "QDRANT_INIT_FILE_PATH", "value": "/tmp/initialized"},  # noqa: S108 - of the container
        ],
        "ports": [{"name": "http", "containerPort": 6333}, {"name": "nodes", "containerPort": 6335}],
        "readinessProbe": _probe("/readyz", every=5, failures=3),
        "livenessProbe": _probe("/livez", every=10, failures=6),
        "resources": {"requests": {"cpu": "2", "memory": "8Gi"}, "limits": {"memory": "8Gi"}},
        "securityContext": _CLOSED,
        "volumeMounts": [
            {"name": "storage", "mountPath": "/qdrant/storage"},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - of the container
            {"name": "snapshots", "mountPath": "/qdrant/snapshots"},
        ],
    }
    storage = {
        "metadata": {"name": "storage"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "100Gi"}}},
    }
    pod = {
        **_pod("qdrant"),
        "containers": [container],
        "volumes": [{"name": name, "emptyDir": {}} for name in ("tmp", "snapshots")],
    }
    nodes = {
        "serviceName": "qdrant-nodes",
        "replicas": QDRANT_NODES,
        "podManagementPolicy": "Parallel",
        "selector": {"matchLabels": labels("qdrant")},
        "template": {"metadata": {"labels": labels("qdrant")}, "spec": pod},
        "volumeClaimTemplates": [storage],
    }
    among = {
        "clusterIP": "None",
        "publishNotReadyAddresses": True,
        "selector": labels("qdrant"),
        "ports": [{"name": "nodes", "port": 6335, "targetPort": "nodes"}],
    }
    return [
        manifest("StatefulSet", "apps/v1", "qdrant", nodes),
        manifest("Service", "v1", "qdrant-nodes", among),
        service("qdrant", 6333),
    ]


_CLOSED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
}


def _pod(name: str) -> Manifest:
    """No token of the cluster, no root, and replicas apart from each other."""
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": key,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": labels(name)},
            }
            for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
        ],
    }


def _resources(part: Part) -> Manifest:
    memory = part.memory.replace("m", "Mi").replace("g", "Gi")
    limits = {"memory": memory} | ({"nvidia.com/gpu": 1} if part.name == "embedder" else {})
    return {"requests": {"cpu": f"{part.cores / 2:g}", "memory": memory}, "limits": limits}


def _probe(path: str, every: int, failures: int) -> Manifest:
    get = {"path": path, "port": "http"}
    return {"httpGet": get, "periodSeconds": every, "failureThreshold": failures, "timeoutSeconds": 4}
