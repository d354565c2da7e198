"""Fit one logistic regression and keep its learning curve."""

import argparse
from pathlib import Path

import yaml
from logistic import accuracy, fit, log_loss, probabilities
from tables import read_table, write_json, write_rows

import runner


def choose(names, columns):
    """Give the names of the columns a model sees: all of them, or one family of them."""
    return [name for name in names if columns == "all" or name.startswith(f"{columns} ")]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--columns", choices=["mean", "largest", "all"], required=True)
    parser.add_argument("--l2", type=float, required=True)
    arguments = parser.parse_args()
    settings = yaml.safe_load(Path("params.yaml").read_text())["train"]

    names, rows, labels = read_table("prepared/train.csv")
    _, unseen_rows, unseen_labels = read_table("prepared/validation.csv")
    chosen = choose(names, arguments.columns)
    where = [names.index(name) for name in chosen]
    rows, unseen_rows = rows[:, where], unseen_rows[:, where]

    curve = []
    for epoch, weights, bias in fit(rows, labels, l2=arguments.l2, **settings):
        if epoch % 10 == 0:
            loss = log_loss(labels, probabilities(rows, weights, bias))
            unseen = probabilities(unseen_rows, weights, bias)
            unseen_loss = log_loss(unseen_labels, unseen)
            curve.append((epoch, loss, unseen_loss))
            runner.log_metric("loss", float(loss), step=epoch)
            runner.log_metric("validation_loss", float(unseen_loss), step=epoch)

    name = f"{arguments.columns}-{arguments.l2}"
    model = {"weights": dict(zip(chosen, weights, strict=True)), "bias": bias}
    write_json(f"models/{name}.json", model)
    write_rows(f"curves/{name}.csv", ["epoch", "loss", "validation_loss"], curve)
    unseen_accuracy = accuracy(unseen_labels, unseen)
    scores = {"validation_loss": unseen_loss, "validation_accuracy": unseen_accuracy}
    write_json(f"metrics/{name}.json", scores)
    print(f"{name}: validation loss {unseen_loss:.4f}")


if __name__ == "__main__":
    main()
