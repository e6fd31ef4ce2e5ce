"""What a shopper waits for, and whether there is an answer."""

from __future__ import annotations

from deploy.grafana.asking import quantile, quantiles, rate, share
from deploy.grafana.panels import Board, Panel, Row, Series

_BY_PHOTO = 'service="gateway", route="/v1/search"'

BOARD = Board(
    uid="loupe-search",
    title="Loupe: search",
    note="How long shoppers wait, at which stage, what the caches save, and how many find nothing.",
    rows=[
        Row(
            "How long it takes",
            [
                Panel(
                    "Search",
                    "What a shopper waits for POST /v1/search. The next panel tells which stage takes the time.",
                    "s",
                    quantiles("loupe_http_request_seconds", _BY_PHOTO),
                ),
                Panel(
                    "A search by stage, p95",
                    "As the gateway sees it: reading the request, photos and words to vectors, ranking, joining with "
                    "the catalogue. Slow reading is the shopper's network; slow embedding with few cache hits: the "
                    "embedder needs more cores.",
                    "s",
                    [Series(quantile(0.95, "loupe_search_seconds", "stage"), "{{stage}}")],
                ),
                Panel(
                    "Searches",
                    "By what they found: something near enough, something that is not, or nothing at all.",
                    "reqps",
                    [Series(rate("loupe_searches_total", "outcome"), "{{outcome}}")],
                    stacked=True,
                ),
            ],
        ),
        Row(
            "Inside",
            [
                Panel(
                    "What the gateway asks, p95",
                    "Analysis in the embedder, then the search in the vector index. Slow analysis beside a full queue: "
                    "the embedder needs more cores or replicas.",
                    "s",
                    [
                        Series(
                            quantile(0.95, "loupe_http_request_seconds", "", f'service="{service}", route="{route}"'),
                            legend,
                        )
                        for service, route, legend in (
                            ("embedder", "/analyse", "embedder: analyse the photo"),
                            ("recommender", "/search", "recommender: search the index"),
                        )
                    ],
                ),
                Panel(
                    "The recommender by stage, p95",
                    "Candidates out of the vector index, ranking them, saying why. Slow candidates: the index is short "
                    "of memory, or a filter leaves few of many.",
                    "s",
                    [Series(quantile(0.95, "loupe_recommender_stage_seconds", "stage"), "{{stage}}")],
                ),
                Panel(
                    "Wait of queries for the model, p95",
                    "A query goes before what is ingested, and waits for at most one batch of it.",
                    "s",
                    [Series(quantile(0.95, "loupe_embedder_batch_wait_seconds", "lane"), "{{lane}}")],
                ),
            ],
        ),
        Row(
            "What is kept",
            [
                Panel(
                    "Queries that were seen a moment ago",
                    "Share of looks into the gateway's cache that found the photo, the words or the shop's vocabulary "
                    "there. Each hit saves a run of a model, or a count of the shop.",
                    "percentunit",
                    [Series(share("loupe_query_cache_total", 'outcome="hit"', by="cache"), "{{cache}}")],
                    most=1,
                ),
                Panel(
                    "Answers that were given a moment ago",
                    "Share of the recommender's looks into its answers that found one. Falls after each change of the "
                    "shop's index, which makes them void.",
                    "percentunit",
                    [Series(share("loupe_recommender_cache_total", 'outcome="hit"'), "hits")],
                    most=1,
                ),
            ],
        ),
        Row(
            "Is there an answer?",
            [
                Panel(
                    "Searches without an answer",
                    "Share of searches in which nothing is near enough to be the piece, and of those that found "
                    "nothing at all. Many without a match: pieces that shoppers want and the shop lacks. Many with "
                    "nothing: filters that exclude all.",
                    "percentunit",
                    [
                        Series(share("loupe_searches_total", 'outcome="no-match"'), "no match"),
                        Series(share("loupe_searches_total", 'outcome="nothing"'), "nothing"),
                    ],
                    most=1,
                ),
                Panel(
                    "Score of the best hit",
                    "Of half of the searches the best hit has more than p50, of nine in ten more than p10. Falling: "
                    "shoppers ask for what the shop lacks, or the model sees their photos badly.",
                    "none",
                    quantiles("loupe_recommender_best_score", shares=(0.1, 0.5)),
                    most=1,
                ),
                Panel(
                    "Place of what is clicked",
                    "Place in its list, from 0, of what shoppers click, where the shop tells it. Growing: the best is "
                    "no longer first.",
                    "none",
                    quantiles("loupe_click_position", shares=(0.5, 0.9)),
                ),
            ],
        ),
    ],
)
