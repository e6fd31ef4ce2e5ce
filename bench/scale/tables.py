"""The tables of docs/scale.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.scale import constants
from bench.scale.sizing import (
    BUSY,
    FULL,
    GPU_TARGET,
    ITEMS,
    NODE_CORES,
    NODE_GB,
    QUERIES,
    REPLICAS,
    Load,
    Stock,
    analysis_bytes,
    as_busy,
    deliveries,
    message_bytes,
    photo_search,
)

_CLIENTS = (1, 4, 8, 16, 32)
_SHOP = 10**6
_NOTICED_MS = 20
"""From here on the embedded engine warns when it is opened."""


def every() -> dict[str, str]:
    """By the name that the document's markers have."""
    parts = {
        "constants": _constants(),
        "an item": _item(),
        "items": _items(),
        "queries": _queries(),
        "machine": _machine(),
    }
    return {name: "\n".join(lines) for name, lines in parts.items()}


def power(count: int) -> str:
    digits = str(count)
    lead = "" if digits[0] == "1" else f"{digits[0]} x "
    return f"{lead}10^{len(digits) - 1}"


def _constants() -> Iterator[str]:
    yield from _head("what", "figure", "stands in", "measured by")
    for one in constants.EVERY:
        yield f"| {one.what} | {one.value:,g} {one.unit} | {one.report} | `{one.command}` |"


def _item() -> Iterator[str]:
    yield from _head("of an item with a picture", "figure")
    yield f"| objects | {constants.PICTURE_KB.value:.0f} kB of picture, {analysis_bytes() / 1e3:.1f} kB of analysis |"
    yield (
        f"| index, each replica | {constants.INDEX_KB.value:g} kB of memory, {constants.INDEX_DISK_KB.value:g} kB of "
        "disk |"
    )
    yield f"| model on a CPU | {constants.PICTURE_MS.value:.0f} ms |"
    yield f"| model on a GPU | {1e3 / GPU_TARGET:.2f} ms if the target of {GPU_TARGET} pictures/s holds; not measured |"
    yield f"| messages | {deliveries()} deliveries, {message_bytes() / 1e3:.1f} kB |"


def _items() -> Iterator[str]:
    stocks = [Stock(items) for items in ITEMS]
    yield from _head("", *(f"{power(stock.items)} items" for stock in stocks))
    yield _row("pictures", [_bytes(stock.pictures) for stock in stocks])
    yield _row("analyses", [_bytes(stock.analyses) for stock in stocks])
    yield _row(f"index in memory, {REPLICAS} replicas", [_bytes(stock.index) for stock in stocks])
    yield _row(f"nodes of {NODE_GB} GB, {FULL:.0%} of it index", [f"{stock.nodes:,}" for stock in stocks])
    yield _row("embedder, core-days", [_few(stock.core_days) for stock in stocks])
    yield _row("cores to bring them in within 30 days", [_few(stock.core_days / 30 / BUSY) for stock in stocks])
    yield _row("messages/s meanwhile", [_few(stock.messages_a_second) for stock in stocks])
    yield _row("CPU of a search, each vector looked at", [_ms(stock.scan_ms()) for stock in stocks])
    yield _row("CPU of a search by graphs, every shard asked", [_ms(stock.graph_ms()) for stock in stocks])
    yield ""
    embedded = round(Stock.scanned_within(_NOTICED_MS), -4)
    yield f"The embedded engine, which looks at each vector, takes {_NOTICED_MS} ms of a core at {embedded:,} items."


def _queries() -> Iterator[str]:
    yield from _head(
        "items",
        "searches by new photos/s",
        "cores: model",
        "gateway and ranking",
        "engine, every shard asked",
        f"engine, one shop of {power(_SHOP)}",
        f"machines of {NODE_CORES} cores, {NODE_GB} GB",
        "GPUs instead of the model's cores",
    )
    for items in ITEMS:
        for queries in QUERIES:
            load = Load(Stock(items), queries)
            cores = (load.model, load.front, load.engine, load.engine_of_one_shop(min(items, _SHOP)))
            gpus = queries / GPU_TARGET / BUSY
            told = [*map(_few, cores), f"{load.machines:,}", _few(gpus)]
            yield f"| {power(items)} | {queries:,} | {' | '.join(told)} |"


def _machine() -> Iterator[str]:
    yield from _head("clients", "answers/s", "mean ms")
    for clients in _CLIENTS:
        predicted = photo_search(clients)
        yield f"| {clients} | {predicted.rate:.0f} | {predicted.ms:.0f} |"
    busy, alone = as_busy(), photo_search(1)
    yield ""
    told = f"At {BUSY:.0%} of its cores it gives {busy.rate:.0f} answers/s in {busy.ms:.0f} ms in the mean"
    yield f"{told}; one client alone waits {alone.ms:.0f} ms."


def _head(*columns: str) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield f"| {' | '.join('---' for _ in columns)} |"


def _row(name: str, cells: Sequence[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"


def _bytes(count: float) -> str:
    for unit, size in (("PB", 1e15), ("TB", 1e12), ("GB", 1e9)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count / 1e6:.3g} MB"


def _ms(ms: float) -> str:
    return f"{ms / 1e3:,.1f} s" if ms >= 1_000 else f"{ms:.3g} ms"


def _few(count: float) -> str:
    return f"{count:,.0f}" if count >= 10 else f"{count:.2g}"
