"""What is in a service's image is enough for it: its own extra of pyproject.toml, `shared`, and its own folder."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OVERRIDES = (ROOT / "requirements/left-out.txt").read_text().splitlines()
LEFT_OUT = {canonicalize_name(Requirement(line).name) for line in OVERRIDES if not line.startswith("#")}
"""What no lock file has, though a package in it asks for it."""
BROKERS = ["kombu.transport.redis", "kombu.transport.pyamqp"]
DATABASE = ["psycopg"]
OBJECTS = ["shared.objectstore.s3"]
VECTORS = ["shared.vectorstore.qdrant_store"]
NEEDED = {
    "gateway": [*BROKERS, *DATABASE, *OBJECTS],
    "embedder": [
        *BROKERS,
        *OBJECTS,
        "services.embedder.onnx_encoder",
        "services.embedder.text_encoder",
        "services.embedder.compare.engine",
        "rapidocr",
    ],
    "indexer": [*BROKERS, *DATABASE, *OBJECTS, *VECTORS],
    "recommender": [*BROKERS, *DATABASE, *VECTORS],
    "inventory": [*BROKERS, *DATABASE, *OBJECTS],
    "authenticity": [*BROKERS, *DATABASE, *OBJECTS, "services.authenticity.pdf"],
}
"""What a service imports only once it opens its stores, or runs its model, as compose sets them."""

IMPORT = """
import importlib, json, sys
missing, modules = json.loads(sys.stdin.read())
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing or name in missing:
            raise ModuleNotFoundError(f"No module named {name!r} in the image", name=name)
sys.meta_path.insert(0, Missing())
for module in modules:
    importlib.import_module(module)
"""


def installed(extra: str) -> set[str]:
    """The distributions that the image of a service has, as its lock file lists them."""
    found: set[tuple[str, str]] = set()

    def add(requirements: Iterable[str], of_extra: str = "") -> None:
        for requirement in map(Requirement, requirements):
            if requirement.marker and not requirement.marker.evaluate({"extra": of_extra}):
                continue
            if canonicalize_name(requirement.name) in LEFT_OUT:
                continue
            for wanted in requirement.extras | {""}:
                one = (canonicalize_name(requirement.name), wanted)
                if one not in found:
                    found.add(one)
                    add(requires(requirement.name) or [], wanted)

    add(PROJECT["dependencies"])
    add(PROJECT["optional-dependencies"][extra])
    return {name for name, _ in found}


@pytest.mark.parametrize("service", NEEDED)
def test_a_service_imports_nothing_that_its_image_lacks(service: str) -> None:
    has = installed(service)
    missing = [
        module
        for module, distributions in packages_distributions().items()
        if not any(canonicalize_name(distribution) in has for distribution in distributions)
    ]
    missing = [module for module in missing if module not in ("shared", "services")]
    missing += [f"services.{other}" for other in NEEDED if other != service]
    given = json.dumps([missing, [f"services.{service}.main", *NEEDED[service]]])
    done = subprocess.run([sys.executable, "-c", IMPORT], input=given, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
