"""Split the measurements into train, validation and test, and bring them to one scale."""

import argparse
from pathlib import Path

import numpy as np
import yaml
from tables import read_table, write_table


def split(labels, shares, rng):
    """Give the row numbers of train, validation and test, with both classes alike in each."""
    parts = [[], [], []]
    for label in (0, 1):
        rows = rng.permutation(np.flatnonzero(labels == label))
        test = round(shares["test"] * len(rows))
        validation = test + round(shares["validation"] * len(rows))
        chosen = rows[validation:], rows[test:validation], rows[:test]
        for part, numbers in zip(parts, chosen, strict=True):
            part.extend(numbers)
    return [sorted(part) for part in parts]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    seed = parser.parse_args().seed
    shares = yaml.safe_load(Path("params.yaml").read_text())["split"]

    names, measurements, labels = read_table("data/breast_cancer.csv")
    train, validation, test = split(labels, shares, np.random.default_rng(seed))

    # The scale comes from the training rows alone: the others must stay unseen.
    mean, spread = measurements[train].mean(axis=0), measurements[train].std(axis=0)
    scaled = (measurements - mean) / spread
    for name, rows in (("train", train), ("validation", validation), ("test", test)):
        write_table(f"prepared/{name}.csv", names, scaled[rows], labels[rows])
        print(f"{name}: {len(rows)} rows, {int(labels[rows].sum())} of them malignant")


if __name__ == "__main__":
    main()
