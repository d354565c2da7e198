"""Compile filters and sort orders to SQL; every value is bound, none is spliced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.core.record_filter import COMPARISONS, AllOf, AnyOf, Compare, Field, Not

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.core.record_filter import SortKey, Tree

Arguments = list[object]
VALUES = {
    "number": "(SELECT number FROM facts WHERE run = r.id AND field = ?)",
    "text": "(SELECT text FROM facts WHERE run = r.id AND field = ?)",
}


def condition(tree: Tree) -> tuple[str, Arguments]:
    """Give the WHERE expression of a filter; `r` is the table of runs."""
    if isinstance(tree, Compare):
        return _comparison(tree)
    if isinstance(tree, Not):
        text, arguments = condition(tree.part)
        return f"(NOT {text})", arguments
    word = " AND " if isinstance(tree, AllOf) else " OR "
    parts = [condition(part) for part in tree.parts]
    if not parts:
        return ("0" if isinstance(tree, AnyOf) else "1"), []
    return f"({word.join(text for text, _ in parts)})", [a for _, more in parts for a in more]


def order(keys: Sequence[SortKey]) -> tuple[str, str, Arguments]:
    """Give the joins, the ORDER BY terms and the arguments of a sort order."""
    joins: list[str] = []
    terms: list[str] = []
    arguments: Arguments = []
    for position, key in enumerate(keys):
        way = "DESC" if key.descending else "ASC"
        if key.field.section:
            table = f"s{position}"
            joins.append(f"LEFT JOIN facts {table} ON {table}.run = r.id AND {table}.field = ?")
            arguments.append(key.field.text)
            number, text = f"{table}.number", f"{table}.text"
            terms.append(f"{number} IS NULL AND {text} IS NULL")
            terms.append(f"{number} IS NULL")
            terms.append(f"{number} {way}, {text} {way}")
        else:
            terms.append(f"{_column(key.field)} IS NULL, {_column(key.field)} {way}")
    terms.append("r.started DESC, r.run_id DESC")
    return " ".join(joins), ", ".join(terms), arguments


def _comparison(compare: Compare) -> tuple[str, Arguments]:
    field, op, value = compare
    arguments: Arguments = []
    if field.section:
        column = "number" if isinstance(value, float) else "text"
        held = VALUES[column]
        arguments.append(field.text)
    else:
        held = _column(field)
    if op in COMPARISONS:
        return f"coalesce({held} {op} ?, 0)", [*arguments, value]
    return f"coalesce(text_matches({held}, ?, ?), 0)", [*arguments, value, op]


def _column(field: Field) -> str:
    return f'r."{field.name}"'
