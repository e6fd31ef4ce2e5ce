"""How much of the GPU's memory is in use, read at the moment of a scrape."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector


class GpuCollector(Collector):
    """`loupe_embedder_gpu_memory_bytes`: used, by whoever uses the GPU, and total; both 0 without one."""

    def __init__(self, compute: str) -> None:
        self._compute = compute

    def collect(self) -> Iterator[Metric]:
        memory = GaugeMetricFamily("loupe_embedder_gpu_memory_bytes", "Memory of the GPU", labels=["state"])
        free, total = 0, 0
        if self._compute == "cuda":
            import torch

            free, total = torch.cuda.mem_get_info()
        memory.add_metric(["used"], total - free)
        memory.add_metric(["total"], total)
        yield memory
