"""Colours and marks of the picture. Text keeps a contrast of at least 4.5 on its ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Strokes in a field of 10 x 10: a check, a play sign, a cross, a ring with a hand, a dash.
MARKS = {
    "good": "M1 5.5 4 8.5 9.5 1.5",
    "go": "M2 1 9 5 2 9z",
    "bad": "M1.5 1.5 8.5 8.5M8.5 1.5 1.5 8.5",
    "wait": "M5 1a4 4 0 1 0 .01 0zM5 2.8V5L6.6 6.2",
    "off": "M1 5H9",
    "": "M5 3.5a1.5 1.5 0 1 0 .01 0z",
}

_LIGHT = {
    "paper": "#ffffff",
    "head": "#8a929b",
    "name": "#1c2128",
    "status": "#4c545d",
}
_LIGHT_STEPS = {
    "": ("#f6f7f9", "#6a727b"),
    "good": ("#e8f6ec", "#1a7a36"),
    "go": ("#e5effd", "#0b5bc4"),
    "bad": ("#fdeae8", "#bd241c"),
    "wait": ("#ffffff", "#6a727b"),
    "off": ("#f1f2f4", "#6a727b"),
}
_DARK = {
    "paper": "#0f1318",
    "head": "#6d7681",
    "name": "#e9edf2",
    "status": "#b4bcc6",
}
_DARK_STEPS = {
    "": ("#1a2027", "#7d8691"),
    "good": ("#12271a", "#4cba6c"),
    "go": ("#11233c", "#6aa9ff"),
    "bad": ("#34161a", "#ff7b72"),
    "wait": ("#0f1318", "#8b949f"),
    "off": ("#181c22", "#7d8691"),
}


def _rules(plain: Mapping[str, str], steps: Mapping[str, tuple[str, str]]) -> str:
    rules = [f".runner-graph .{name}{{fill:{fill}}}" for name, fill in plain.items()]
    rules.append(f".runner-graph .line{{fill:none;stroke:{plain['head']}}}")
    for kind, (ground, edge) in steps.items():
        where = f".runner-graph .step{'.' + kind if kind else ''}"
        rules.append(f"{where} .box{{fill:{ground};stroke:{edge}}}")
        rules.append(f"{where} .mark{{stroke:{edge}}}")
    return "".join(rules)


_SHAPES = (
    '.runner-graph text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",'
    "monospace}"
    ".runner-graph .name{font-size:13px;font-weight:600}.runner-graph .status{font-size:11px}"
    ".runner-graph .box{stroke-width:1.4}"
    ".runner-graph .line,.runner-graph .mark{fill:none;stroke-width:1.5}"
    ".runner-graph .mark{stroke-width:1.7;stroke-linecap:round;stroke-linejoin:round}"
    ".runner-graph .bad .box{stroke-width:2.4}"
    ".runner-graph .wait .box{stroke-dasharray:5 3}.runner-graph .off .box{stroke-dasharray:1.5 3}"
)
_DARK_RULES = f"@media (prefers-color-scheme:dark){{{_rules(_DARK, _DARK_STEPS)}}}"
STYLE = _SHAPES + _rules(_LIGHT, _LIGHT_STEPS) + _DARK_RULES
