"""bench/reports/containers.md: how large the images are, how long each took, and what running took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.containers.images import BASE, Built

GATEWAY_OVER_BASE = 250_000_000
"""Bytes that the image of the gateway may have over its base."""
_MB = 1_000_000


def report(built: Sequence[Built], substitutes: Sequence[Built], measured: Mapping[str, Any], cores: int) -> str:
    base = next(image for image in built if image.name == BASE)
    lines = [
        "# Containers",
        "",
        f"Made by `make docker-check` on {cores} cores. The base is Debian's smallest userland with its Python, by"
        " debootstrap; on it our Dockerfile builds each image, with nothing kept from before and packages fetched over"
        " the network. Then docker-compose.yml is started as it is, with programs from Debian and PyPI by the names of"
        " others' images, and the end-to-end test and those of `tests/containers` run against it.",
        "",
        "| image | MB | MB over the base | built in s |",
        "| --- | --- | --- | --- |",
    ]
    for image in built:
        over = "" if image is base else f"{(image.size - base.size) / _MB:.0f}"
        lines.append(f"| {image.name} | {image.size / _MB:.0f} | {over} | {_seconds(image)} |")
    lines += [
        "",
        f"The gateway may have {GATEWAY_OVER_BASE / _MB:.0f} MB over the base. Substitutes of others' images were built"
        f" in {sum(image.seconds or 0 for image in substitutes):.0f} s.",
        "",
        f"From `docker-compose up` until every container was healthy: {measured['seconds until healthy']:.0f} s. Each"
        " service was stopped (SIGTERM) while pictures came in, and all were killed at once; every picture that was"
        " accepted was indexed.",
        "",
        "| container | MB in use after the tests | stopped in s |",
        "| --- | --- | --- |",
    ]
    for service, used in measured["memory"].items():
        lines.append(f"| {service} | {used / _MB:.0f} | {measured.get(f'seconds to stop {service}', '')} |")
    return "\n".join(lines) + "\n"


def _seconds(image: Built) -> str:
    return "kept from before" if image.seconds is None else f"{image.seconds:.0f}"
