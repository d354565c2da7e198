"""Take the model that did best on the validation rows and score it on the test rows."""

from pathlib import Path

import numpy as np
from logistic import accuracy, log_loss, probabilities, roc_auc
from tables import read_json, read_table, write_json, write_rows


def predict(model, table):
    names, rows, labels = table
    where = [names.index(name) for name in model["weights"]]
    weights = np.array(list(model["weights"].values()))
    return labels, probabilities(rows[:, where], weights, model["bias"])


def main():
    models = {path.stem: read_json(path) for path in sorted(Path("models").glob("*.json"))}
    validation = read_table("prepared/validation.csv")
    losses = {name: log_loss(*predict(model, validation)) for name, model in models.items()}
    best = min(losses, key=losses.get)

    labels, predicted = predict(models[best], read_table("prepared/test.csv"))
    called = predicted >= 0.5
    scores = {
        "accuracy": accuracy(labels, predicted),
        "precision": labels[called].mean(),
        "recall": called[labels == 1].mean(),
        "roc_auc": roc_auc(labels, predicted),
        "loss": log_loss(labels, predicted),
    }
    write_json("metrics.json", scores)
    write_json("results/best.json", {"name": best, "model": models[best]})
    ranking = sorted(losses.items(), key=lambda item: item[1])
    write_rows("results/ranking.csv", ["model", "validation_loss"], ranking)
    predictions = zip(labels, predicted, strict=True)
    write_rows("results/predictions.csv", ["malignant", "probability"], predictions)
    print(f"best of {len(models)}: {best}, test accuracy {scores['accuracy']:.4f}")


if __name__ == "__main__":
    main()
