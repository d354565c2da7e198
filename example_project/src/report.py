"""Draw what happened and write it up."""

import csv
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import yaml
from tables import read_json

BENIGN, MALIGNANT, QUIET = "#3b7dd8", "#d1495b", "#c3c7cd"


def read_rows(path):
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


def draw_curves(axes, best):
    for path in sorted(Path("curves").glob("*.csv")):
        rows = read_rows(path)
        is_best = path.stem == best
        axes.plot(
            [int(row["epoch"]) for row in rows],
            [float(row["validation_loss"]) for row in rows],
            color=MALIGNANT if is_best else QUIET,
            linewidth=2.2 if is_best else 1.2,
            zorder=2 if is_best else 1,
            label=best if is_best else None,
        )
    axes.set(title="Learning curves", xlabel="epoch", ylabel="validation loss", yscale="log")
    axes.legend(frameon=False)


def draw_scores(axes, predictions):
    for label, name, colour in ((0, "benign", BENIGN), (1, "malignant", MALIGNANT)):
        chances = [
            float(row["probability"]) for row in predictions if float(row["malignant"]) == label
        ]
        axes.hist(chances, np.linspace(0, 1, 21), color=colour, alpha=0.75, label=name)
    axes.axvline(0.5, color="black", linewidth=0.8, linestyle=":")
    axes.set(title="Test rows", xlabel="predicted probability", ylabel="rows")
    axes.legend(frameon=False)


def draw_weights(axes, model):
    strongest = sorted(model["weights"].items(), key=lambda item: abs(item[1]))[-8:]
    names, weights = zip(*strongest, strict=True)
    axes.barh(names, weights, color=[MALIGNANT if weight > 0 else BENIGN for weight in weights])
    axes.set(title="What speaks for malignant", xlabel="weight")


def write_up(best, scores, ranking):
    lines = ["# Is this tumour malignant?", "", "![Curves, scores and weights](report.png)", ""]
    lines += [f"Best of {len(ranking)} models by validation loss: **{best}**.", ""]
    lines += ["| on the test rows | |", "| --- | ---: |"]
    lines += [f"| {name} | {score:.4f} |" for name, score in sorted(scores.items())]
    lines += ["", "| model | validation loss |", "| --- | ---: |"]
    lines += [f"| {row['model']} | {float(row['validation_loss']):.4f} |" for row in ranking]
    return "\n".join(lines) + "\n"


def main():
    settings = yaml.safe_load(Path("params.yaml").read_text())["report"]
    best = read_json("results/best.json")

    figure, (curves, scores, weights) = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
    draw_curves(curves, best["name"])
    draw_scores(scores, read_rows("results/predictions.csv"))
    draw_weights(weights, best["model"])
    for axes in (curves, scores, weights):
        axes.spines[["top", "right"]].set_visible(False)

    Path("report").mkdir(exist_ok=True)
    # Without the name of the program that drew it, the same figure is the same bytes.
    figure.savefig("report/report.png", dpi=settings["dpi"], metadata={"Software": None})
    text = write_up(best["name"], read_json("metrics.json"), read_rows("results/ranking.csv"))
    Path("report/report.md").write_text(text)
    print("report/report.md")


if __name__ == "__main__":
    main()
