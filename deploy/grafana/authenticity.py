"""References, verifications against them, and copies found between shops."""

from __future__ import annotations

from deploy.grafana.asking import increase, quantile, quantiles, rate, share
from deploy.grafana.panels import Board, Panel, Row, Series

BOARD = Board(
    uid="loupe-authenticity",
    title="Loupe: authenticity",
    note="What is registered, what verifications answer and how long they take, and copies found between shops.",
    rows=[
        Row(
            "Verifications",
            [
                Panel(
                    "By what they answered of the design",
                    "Match, mismatch, or that it cannot be told. Photos are compared, and nothing else is claimed.",
                    "ops",
                    [Series(rate("loupe_verifications_total", "outcome"), "{{outcome}}")],
                    stacked=True,
                ),
                Panel(
                    "Cannot be told",
                    "Share of the verifications that say so, as they should of poor photos. Rising: references of one "
                    "view, or photos from phones that blur; the answer's `retakes` say which photo would help.",
                    "percentunit",
                    [Series(share("loupe_verifications_total", 'outcome="cannot_tell"'), "cannot tell")],
                    most=1,
                ),
                Panel(
                    "How long one takes",
                    "Somebody waits for it. Each picture of the reference is compared, about half a second of a core: "
                    "slow ones have many, or the embedder is busy.",
                    "s",
                    quantiles("loupe_verification_seconds", shares=(0.5, 0.95)),
                ),
            ],
        ),
        Row(
            "What is registered",
            [
                Panel(
                    "References",
                    "Of pieces and of designs, of all shops together.",
                    "none",
                    [Series("max by (kind) (loupe_references)", "{{kind}}")],
                ),
                Panel(
                    "Pictures of references",
                    "Kept in the object store for as long as their references are.",
                    "none",
                    [Series("max(loupe_reference_pictures)", "pictures")],
                ),
                Panel(
                    "Comparisons asked of the embedder, p95",
                    "One comparison in twenty takes the embedder longer. Beside a busy embedder: it needs more cores.",
                    "s",
                    [
                        Series(
                            quantile(0.95, "loupe_http_request_seconds", "", 'service="embedder", route="/compare"'),
                            "p95",
                        )
                    ],
                ),
            ],
        ),
        Row(
            "Copies between shops that consent",
            [
                Panel(
                    "Pictures looked at",
                    "Looked: compared with those of other shops. Unseen: nobody could tell what it shows yet. "
                    "Withdrawn: its shop does not consent any more.",
                    "ops",
                    [Series(rate("loupe_copies_compared_total", "outcome"), "{{outcome}}")],
                ),
                Panel(
                    "Look-alikes told in a day",
                    "What shops were told of. A jump after a model or its thresholds changed is that change, not "
                    "copies; the decisions of people move the lines back.",
                    "none",
                    [Series(increase("loupe_copies_found_total", "1d"), "told")],
                ),
                Panel(
                    "How long a picture takes",
                    "Against all pieces of the gallery, in the background. Grows with the gallery.",
                    "s",
                    quantiles("loupe_copies_seconds", shares=(0.5, 0.95)),
                ),
                Panel(
                    "Pieces in the gallery",
                    "Those of shops that consent, held in the memory of the authenticity service.",
                    "none",
                    [Series("max(loupe_copies_gallery_pieces)", "pieces")],
                ),
            ],
        ),
    ],
)
