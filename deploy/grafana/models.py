"""The models: how they are used, and whether what they see and say drifts."""

from __future__ import annotations

from deploy.grafana.asking import NOW, REFERENCE, apart, increase, mean, moved, quantile, quantiles, rate
from deploy.grafana.panels import Board, Panel, Row, Series

_LANES = ("ingest", "query")
_AGAINST = f"The last {NOW} against the last {REFERENCE}. "
_DRIFTS = ((None, "green"), (0.1, "orange"), (0.25, "red"))
_NO_MATCH = [
    f"{increase('loupe_searches_total', over, where=_WHERE)} / {increase('loupe_searches_total', over)}"
    for _WHERE in ('outcome="no-match"',)
    for over in (NOW, REFERENCE)
]


def _each_lane(metric: str, by: str = "") -> list[Series]:
    wheres = {lane: f'lane="{lane}"' for lane in _LANES}
    return [Series(moved(metric, by, where) if by else apart(metric, where), lane) for lane, where in wheres.items()]


BOARD = Board(
    uid="loupe-models",
    title="Loupe: models",
    note="How well the models are used, and whether what they see and say moves away from the week before.",
    rows=[
        Row(
            "Does it drift?",
            [
                Panel(
                    "Types of pieces",
                    f"{_AGAINST}Share of the pictures whose type would have to be another one for both to be alike: 0 "
                    "the same, 1 nothing in common. Ingest above 0.25: a shop imports something new, or its photos "
                    "changed. Query: shoppers ask for other pieces; above 0.25 an "
                    "alert is sent (LoupeTypesDrift).",
                    "percentunit",
                    _each_lane("loupe_embedder_types_total", "type"),
                    figures=True,
                    steps=_DRIFTS,
                ),
                Panel(
                    "How sure of the type",
                    f"{_AGAINST}Largest difference of the two distributions of confidence (Kolmogorov and Smirnov), 0 "
                    "the same, 1 apart. Beside a rise of `unknown` below: pictures that the model was not made for. "
                    "Query above 0.25 is an alert (LoupeConfidenceDrifts).",
                    "percentunit",
                    _each_lane("loupe_embedder_type_confidence"),
                    figures=True,
                    steps=_DRIFTS,
                ),
                Panel(
                    "Length of vectors",
                    f"{_AGAINST}As before, of the vectors' length, which is 1 of a model that is whole. Anything but "
                    "0: a model file, or the runtime that reads it, was changed. Stop ingest and look "
                    "(LoupeVectorsOff).",
                    "percentunit",
                    _each_lane("loupe_embedder_vector_norm"),
                    figures=True,
                    steps=((None, "green"), (0.01, "red")),
                ),
                Panel(
                    "Scores of the best hit",
                    f"{_AGAINST}As before, of the best hit's score. Moves when shoppers' photos, the shop or the model "
                    "do; the panels of types and confidence tell which. Above 0.25 an alert is sent "
                    "(LoupeScoresDrift).",
                    "percentunit",
                    [Series(apart("loupe_recommender_best_score"), "searches")],
                    figures=True,
                    steps=_DRIFTS,
                ),
                Panel(
                    "Searches without a match",
                    f"{_AGAINST}Difference of the two shares. Above 0.15 an alert is sent (LoupeNoMatchDrifts): "
                    "shoppers ask for what the shop lacks, or the model fails them.",
                    "percentunit",
                    [Series(f"abs({_NO_MATCH[0]} - {_NO_MATCH[1]})", "no match")],
                    figures=True,
                    steps=((None, "green"), (0.05, "orange"), (0.15, "red")),
                ),
            ],
            height=5,
        ),
        Row(
            "What it sees",
            [
                Panel(
                    f"Types, {said}",
                    "Pictures a second by the type of their main piece; `unknown` where the model is not sure enough.",
                    "ops",
                    [Series(rate("loupe_embedder_types_total", "type", f'lane="{lane}"'), "{{type}}")],
                    stacked=True,
                )
                for lane, said in (("ingest", "the shop's pictures"), ("query", "shoppers' photos"))
            ],
        ),
        Row(
            "How sure it is",
            [
                Panel(
                    f"Confidence in the type, {said}",
                    "Half of the pictures have more than p50, nine in ten more than p10. Falls when photos are worse, "
                    "or of something else.",
                    "none",
                    quantiles("loupe_embedder_type_confidence", f'lane="{lane}"', shares=(0.1, 0.5)),
                    most=1,
                )
                for lane, said in (("ingest", "the shop's pictures"), ("query", "shoppers' photos"))
            ],
        ),
        Row(
            "How it is used",
            [
                Panel(
                    "Pictures in a forward, mean",
                    "On a CPU always 1: each core forwards one picture. On a GPU, ingest near EMBEDDER_GPU_BATCH: the "
                    "embedder is the bottleneck and well used; near 1: it waits for pictures.",
                    "none",
                    [Series(mean("loupe_embedder_batch_size", "lane"), "{{lane}}")],
                ),
                Panel(
                    "Wait for a batch, p95",
                    "A query waits for at most one ingest batch. Ingest waits as long as there is more to do.",
                    "s",
                    [Series(quantile(0.95, "loupe_embedder_batch_wait_seconds", "lane"), "{{lane}}")],
                ),
                Panel(
                    "Duration of a forward, p95",
                    "Grows when the cores, or the GPU, are shared with something else.",
                    "s",
                    [Series(quantile(0.95, "loupe_embedder_forward_seconds", "lane"), "{{lane}}")],
                ),
                Panel(
                    "GPU memory",
                    "In use by whoever uses the GPU, and all that there is; both 0 without a GPU. Near full: fewer "
                    "pictures at once (EMBEDDER_GPU_BATCH), see the runbooks.",
                    "bytes",
                    [Series("sum by (state) (loupe_embedder_gpu_memory_bytes)", "{{state}}")],
                ),
            ],
        ),
        Row(
            "What it did",
            [
                Panel(
                    "Pictures analysed",
                    "By outcome. Repeated: came twice, answered from what is known. Rejected: cannot be decoded.",
                    "ops",
                    [Series(rate("loupe_embedder_pictures_total", "outcome"), "{{outcome}}")],
                ),
                Panel(
                    "No memory for a forward",
                    "Halved: a batch did not fit, and all are smaller from then on. Alone: not even one picture fits; "
                    "it is tried again (LoupeOutOfMemory).",
                    "ops",
                    [Series(rate("loupe_embedder_out_of_memory_total", "outcome"), "{{outcome}}")],
                ),
                Panel(
                    "Texts of items",
                    "Titles and descriptions made to vectors, and those that were known already.",
                    "ops",
                    [Series(rate("loupe_embedder_texts_total", "outcome"), "{{outcome}}")],
                ),
                Panel(
                    "Pictures indexed",
                    "Analysed pictures that came into the index, or were dropped because their item was removed.",
                    "ops",
                    [Series(rate("loupe_indexer_pictures_total", "outcome"), "{{outcome}}")],
                ),
            ],
        ),
    ],
)
