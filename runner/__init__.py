"""Run MLproject pipelines reproducibly: a graph of steps, tied to commit, data and environment."""

__version__ = "0.1.0"
