"""What a model costs, each measured in a fresh process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from lab.evaluate import sets
from lab.evaluate.report import Section, Table
from lab.evaluate.suites.run import Run
from lab.models import open_model

PICTURES = 60
RESULT = "cost: "


def cost(run: Run) -> list[Section]:
    """Pictures a second, size, load time, memory."""
    rows, figures = [], {}
    for model in run.models:
        done = subprocess.run(
            [sys.executable, "-m", "lab.evaluate.suites.costing", str(getattr(model, "folder", model.name))],
            cwd=sets.ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        line = next(line for line in done.stdout.splitlines() if line.startswith(RESULT))
        figures[model.name] = found = json.loads(line.removeprefix(RESULT))
        rows.append(
            [
                model.name,
                f"{found['rate']:.0f} ({found['device']})",
                f"{found['dimension']}",
                f"{found['megabytes']:.1f} MB",
                f"{found['load_s']:.2f} s",
                f"{found['memory_mb']:.0f} MB",
            ]
        )
    words = (
        f"{PICTURES} pictures of the sample shop, decoded and embedded one after the other by one worker, on "
        f"{os.cpu_count()} cores that other work may share: compare within the table only. Memory: the most that the "
        "process has held, with all libraries."
    )
    columns = ("model", "pictures/s", "dimensions", "weights", "load", "memory")
    return [Section("Cost", words, [Table(columns, rows)], figures)]


def _measure(name: str) -> dict[str, float | str]:
    from services.embedder.decode import decode

    began = time.perf_counter()
    model = open_model(name)
    load = time.perf_counter() - began
    data = [record.path.read_bytes() for record in sets.sample_catalogue()[:PICTURES]]
    vector = model.embed(decode(data[0], model.size).rgb)
    began = time.perf_counter()
    for picture in data:
        model.embed(decode(picture, model.size).rgb)
    rate = len(data) / (time.perf_counter() - began)
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return {
        "rate": rate,
        "device": str(getattr(model, "device", "cpu")),
        "dimension": len(vector),
        "megabytes": model.megabytes,
        "load_s": load,
        "memory_mb": int(peak.split()[1]) / 1024,
    }


if __name__ == "__main__":
    print(RESULT + json.dumps(_measure(sys.argv[1])))
