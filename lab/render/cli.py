"""`python -m lab render`: the sample catalogue and its query photos."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="lab render", description="Render pieces of jewelry with Mitsuba 3.")
    commands = parser.add_subparsers(dest="command", required=True)
    sample = commands.add_parser("sample", help="the sample catalogue: catalogue.csv and pictures/")
    sample.add_argument("--out", type=Path, required=True)
    queries = commands.add_parser("queries", help="new phone photos of its pieces, one SKU.jpg each")
    queries.add_argument("--seed", type=int, required=True, help="same seed, same photos")
    queries.add_argument("--out", type=Path, required=True)
    queries.add_argument("--pieces", type=int, help="how many pieces, drawn by the seed (all by default)")
    queries.add_argument("--others", action="store_true", help="also photograph things that are not in the catalogue")
    options = parser.parse_args(arguments)

    from lab.render.catalogue import pieces
    from lab.render.queries import write_others, write_queries
    from lab.render.sample import write_sample

    if options.command == "sample":
        write_sample(pieces(), options.out)
        return
    write_queries(pieces(), options.seed, options.out, options.pieces)
    if options.others:
        write_others(options.seed, options.out)
