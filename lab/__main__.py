"""`python -m lab`: where models and pictures are made and measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.embedder.manifest import SHIPPED

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
Model = Annotated[Path, typer.Option(help="The model folder.")]


@app.command()
def export(model: Model = SHIPPED) -> None:
    """Make encoder.onnx and a first manifest from the ImageNet weights; train-type must follow."""
    from lab.export import export as run

    print(f"lowest cosine to torch over 16 random pictures: {run(model):.6f}")


@app.command()
def train_type(model: Model = SHIPPED) -> None:
    """Train the type head, choose every threshold, write the manifest and lab/reports/type-head.md."""
    from lab.train_type import train

    print(train(model))


@app.command()
def evaluate(
    suite: Annotated[str, typer.Option(help="ringfir, fit or quality")] = "ringfir", model: Model = SHIPPED
) -> None:
    """Measure the model on the real pictures."""
    from lab.evaluate import SUITES

    if suite not in SUITES:
        raise typer.BadParameter(f"there is no suite {suite!r}; there are {', '.join(SUITES)}", param_hint="--suite")
    print(SUITES[suite](model))


@app.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
def render(arguments: Annotated[list[str] | None, typer.Argument()] = None) -> None:
    """Render the sample catalogue, or new photos of its pieces: `render sample --help`, `render queries --help`."""
    from lab.render.cli import main

    main(arguments or ["--help"])


if __name__ == "__main__":
    app()
