"""Read and write the tables that the steps hand to each other."""

import csv
import json
from pathlib import Path

import numpy as np

LABEL = "malignant"


def read_table(path):
    """Give the column names, the measurements (rows x columns) and the labels (1: malignant)."""
    with Path(path).open(newline="") as file:
        names, *rows = csv.reader(file)
    values = np.array(rows, dtype=float)
    label = names.index(LABEL)
    return names[:label] + names[label + 1 :], np.delete(values, label, axis=1), values[:, label]


def write_table(path, names, measurements, labels):
    rows = ([*row, int(label)] for row, label in zip(measurements, labels, strict=True))
    write_rows(path, [*names, LABEL], rows)


def write_rows(path, names, rows):
    """Write rows with six digits after the point: what is below those is the CPU's, not ours."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with Path(path).open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([rounded(value) for value in row] for row in rows)


def read_json(path):
    return json.loads(Path(path).read_text())


def write_json(path, document):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(json.dumps(rounded(document), indent=1, sort_keys=True) + "\n")


def rounded(value):
    if isinstance(value, dict):
        return {name: rounded(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    return round(float(value), 6) if isinstance(value, float | np.floating) else value
