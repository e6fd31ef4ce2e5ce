"""`python -m lab render`: sets to train and evaluate on, the sample catalogue, its query photos, contact sheets."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

TRAINING_SEED, EVALUATION_SEED = 1, 2
"""The sets that everyone makes and measures on."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="lab render", description="Render pieces of jewelry with Mitsuba 3.")
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser(
        "set", help="pictures to train on, with their ground truth; goes on where it stopped"
    )
    training.add_argument("--out", type=Path, required=True)
    training.add_argument("--count", type=int, required=True, help="how many pictures")
    training.add_argument("--seed", type=int, default=TRAINING_SEED, help="same seed, same pictures")
    training.add_argument("--workers", type=int, help="processes (all cores by default)")
    evaluation = commands.add_parser("evaluation", help="the evaluation set: designs that training never sees")
    evaluation.add_argument("--out", type=Path, required=True)
    evaluation.add_argument("--workers", type=int, help="processes (all cores by default)")
    sample = commands.add_parser("sample", help="the sample catalogue: catalogue.csv and pictures/")
    sample.add_argument("--out", type=Path, required=True)
    queries = commands.add_parser("queries", help="new phone photos of its pieces, one SKU.jpg each")
    queries.add_argument("--seed", type=int, required=True, help="same seed, same photos")
    queries.add_argument("--out", type=Path, required=True)
    queries.add_argument("--pieces", type=int, help="how many pieces, drawn by the seed (all by default)")
    queries.add_argument("--others", action="store_true", help="also photograph things that are not in the catalogue")
    sheet = commands.add_parser("sheet", help="a contact sheet of a set: some pictures of every type")
    sheet.add_argument("--set", type=Path, required=True, help="a folder with manifest.csv")
    sheet.add_argument("--out", type=Path, required=True, help="a .jpg or .png file")
    sheet.add_argument("--columns", type=int, default=10)
    options = parser.parse_args(arguments)

    from lab.render import dataset, frames

    if options.command == "set":
        planned = [frames.frame(options.seed, number) for number in range(options.count)]
        print(dataset.render_set(planned, options.out, "renders", workers=options.workers))
    elif options.command == "evaluation":
        planned = frames.evaluation(EVALUATION_SEED)
        print(dataset.render_set(planned, options.out, "evaluation", workers=options.workers))
    elif options.command == "sheet":
        from lab.render.sheet import contact_sheet

        contact_sheet(options.set, options.out, options.columns)
    elif options.command == "sample":
        from lab.render.sample import write_sample

        write_sample(options.out)
    else:
        from lab.render.queries import write_others, write_queries

        write_queries(options.seed, options.out, options.pieces)
        if options.others:
            write_others(options.seed, options.out)
