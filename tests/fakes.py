"""Fakes: small, whole implementations of our ports, held to the same suites as the real ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from runner.core.record import Record, canonical, summary
from runner.core.record_filter import facts, matches, ordered
from runner.core.record_filter_parser import parse_filter, parse_sort
from runner.core.run_id import choose
from runner.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping


class MemoryStore:
    """The Store port without a disk."""

    def __init__(self) -> None:
        self._texts: dict[str, bytes] = {}

    def save(self, record: Mapping[str, object]) -> None:
        whole = Record.of(record)
        text = canonical(whole)
        if self._texts.setdefault(whole.run_id, text) != text:
            raise StoreError(f"run {whole.run_id} is recorded already, and a record never changes")

    def load(self, run_id: str) -> dict[str, Any]:
        if run_id not in self._texts:
            raise StoreError(f"run {run_id} has no record here")
        document: dict[str, Any] = json.loads(self._texts[run_id])
        return document

    def resolve(self, words: str) -> str:
        return choose(words, [str(row["run_id"]) for row in self.find()])

    def find(
        self,
        *,
        filter: str = "",  # noqa: A002  # the port's word
        sort: str = "",
        limit: int | None = None,
    ) -> list[dict[str, Any]]:
        tree, keys = parse_filter(filter), parse_sort(sort)
        rows = [summary(json.loads(text)) for text in self._texts.values()]
        kept = [row for row in rows if matches(tree, facts(row))]
        return [dict(row) for row in ordered(kept, keys)[:limit]]
