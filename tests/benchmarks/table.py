"""Print a row's figures and bars as Markdown."""

from __future__ import annotations

from tests.benchmarks.measuring import BARE, Results
from tests.benchmarks.row import MIB, Row

HEAD = """
| command | wall s | CPU s | peak MiB | tree MiB | wall / python | CPU / python |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |"""


def show(row: Row, results: Results) -> str:
    """Give the row's two tables: what was measured, and how it stands to the bars."""
    lines = [f"### {row.title}", HEAD, *(figures(name, results) for name in results.names())]
    bars = [bar for bar in row.bars if all(case in results for case in bar.needs)]
    if bars:
        lines += ["", "| bar | measured | |", "| --- | ---: | --- |"]
    for bar in bars:
        figure = bar.measure(results)
        verdict = "met" if bar.met(figure) else "**missed**"
        lines.append(f"| {bar.text} | {figure:.3g} | {verdict} |")
    return "\n".join(lines) + "\n"


def figures(name: str, results: Results) -> str:
    wall, cpu, peak = (results.median(name, quantity) for quantity in ("wall", "cpu", "peak"))
    ratios = [results.ratio(name, BARE, quantity) for quantity in ("wall", "cpu")]
    sizes = f"{peak / MIB:.1f} | {results.trees[name] / MIB:.1f}"
    return f"| {name} | {wall:.3f} | {cpu:.3f} | {sizes} | {ratios[0]:.1f} | {ratios[1]:.1f} |"
