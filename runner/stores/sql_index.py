"""The index of runs: SQLite, made from the records and never the only place of anything."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeVar

from runner.core.record import ENDED_WELL, StepState, canonical, summary
from runner.errors import StoreError
from runner.stores import sql_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from runner.core.record import Record, StepEntry
    from runner.core.record_filter import SortKey, Tree

Result = TypeVar("Result")
INSERT_RUN = """
INSERT INTO runs (run_id, record_id, "commit", data_version, plan_id, result_id, status,
    entry_point, dirty, started, rerun_of, verdict, seconds, kind, summary)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
COLUMNS = (
    *("run_id", "record_id", "commit", "data_version", "plan_id", "result_id"),
    *("status", "entry_point", "dirty", "started", "rerun_of", "verdict"),
)
INSERT_STATE = """
INSERT INTO step_states (step, run_id, step_key, outputs, text) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (step) DO UPDATE
SET run_id = excluded.run_id, step_key = excluded.step_key, outputs = excluded.outputs,
    text = excluded.text
WHERE excluded.run_id >= step_states.run_id
"""
NEWEST = "ORDER BY started DESC, run_id DESC"


class RunIndex:
    """Finds runs and what was last recorded for steps.

    `records` gives every record there is, and whether its run took place in this folder: runs
    from elsewhere are found, but they are no memory of this folder's steps.
    """

    def __init__(self, path: str, records: Callable[[], Iterable[tuple[Record, bool]]]) -> None:
        self._path = path
        self._records = records
        self._connection: sqlite3.Connection | None = None

    def put(self, records: Iterable[tuple[Record, bool]]) -> None:
        """Take in records; one that is there already is replaced."""
        pairs = list(records)
        self._write(lambda connection: _insert_all(connection, pairs))

    def rebuild(self) -> None:
        """Make everything anew from the records."""
        self._write(self._refill)

    def forget(self, run_id: str) -> list[str]:
        """Remove a run, and name the steps that it was the last record of."""

        def remove(connection: sqlite3.Connection) -> list[str]:
            query = "DELETE FROM step_states WHERE run_id = ? RETURNING step"
            steps = [step for (step,) in connection.execute(query, (run_id,))]
            _delete(connection, run_id)
            return steps

        return self._write(remove)

    def put_states(self, run_id: str, entries: Iterable[StepEntry]) -> None:
        """Note what a run says of some steps, where nothing newer is known."""
        rows = [_state_row(run_id, entry) for entry in entries]
        self._write(lambda connection: connection.executemany(INSERT_STATE, rows))

    def find(self, tree: Tree, keys: Sequence[SortKey], limit: int | None) -> str:
        """Give the summaries of the runs that pass a filter, in order, as a JSON array."""
        from runner.core.record_filter import text_matches  # noqa: PLC0415  # `find` alone needs it
        from runner.stores.sql_filter import condition, order  # noqa: PLC0415  # likewise

        def matches(text: str | None, pattern: str, op: str) -> bool | None:
            return None if text is None else text_matches(text, pattern, op)

        where, values = condition(tree)
        joins, terms, joined = order(keys)
        chosen = f"SELECT r.id FROM runs r {joins} WHERE {where} ORDER BY {terms} LIMIT ?"  # noqa: S608  # every value is bound
        # Rows are sorted without their summaries, which would be most of what is moved about.
        summaries = "SELECT summary FROM json_each(?) AS j CROSS JOIN runs ON runs.id = j.value"

        def ask(connection: sqlite3.Connection) -> list[str]:
            connection.create_function("text_matches", 3, matches, deterministic=True)
            arguments = [*joined, *values, -1 if limit is None else limit]
            ids = [run for (run,) in connection.execute(chosen, arguments)]
            return [text for (text,) in connection.execute(summaries, (json.dumps(ids),))]

        nothing: list[str] = []
        return f"[{','.join(self._read(ask, nothing))}]"

    def newest(self, count: int = -1) -> list[str]:
        """Name the newest runs, the newest first; all of them without a count."""
        return self._names(f"SELECT run_id FROM runs {NEWEST} LIMIT ?", (count,))  # noqa: S608  # a constant

    def beginning_with(self, prefix: str) -> list[str]:
        """Name the runs whose ids begin so, the newest first."""
        query = f"SELECT run_id FROM runs WHERE run_id BETWEEN ? AND ? || '~' {NEWEST}"  # noqa: S608  # a constant
        return self._names(query, (prefix, prefix))

    def by_plan(self, plan_id: str, commit: str, result_id: str) -> list[str]:
        """Name a few runs that gave this answer to this question, the newest first."""
        query = f"""SELECT run_id FROM runs WHERE plan_id = ? AND "commit" = ? AND result_id = ?
            AND status = 'succeeded' AND kind = 'run' {NEWEST} LIMIT 10"""  # noqa: S608  # a constant
        return self._names(query, (plan_id, commit, result_id))

    def states(self, names: Collection[str]) -> dict[str, StepState]:
        """Give what was last recorded for each of these steps, where anything was."""
        query = """SELECT step, run_id, step_key, outputs, text FROM step_states
            WHERE step IN (SELECT value FROM json_each(?))"""
        wanted = json.dumps(list(names))
        nothing: list[Any] = []
        rows = self._read(
            lambda connection: connection.execute(query, (wanted,)).fetchall(), nothing
        )
        outputs = json.loads(f"[{','.join([row[3] for row in rows])}]")
        return {
            step: StepState(step, run_id, step_key, output, text)
            for (step, run_id, step_key, _, text), output in zip(rows, outputs, strict=True)
        }

    def close(self) -> None:
        """Let go of the file; the next question opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _names(self, query: str, arguments: tuple[object, ...]) -> list[str]:
        def ask(connection: sqlite3.Connection) -> list[str]:
            return [name for (name,) in connection.execute(query, arguments)]

        return self._read(ask, [])

    def _read(self, ask: Callable[[sqlite3.Connection], Result], nothing: Result) -> Result:
        if not os.path.isdir(os.path.dirname(self._path)):
            return nothing
        try:
            return self._with_connection(ask)
        except StoreError as error:
            with closing(sql_schema.open_to_read(self._path, error)) as connection:
                return ask(connection)

    def _write(self, change: Callable[[sqlite3.Connection], Result]) -> Result:
        def transaction(connection: sqlite3.Connection) -> Result:
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = change(connection)
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            return result

        return self._with_connection(transaction)

    def _with_connection(self, use: Callable[[sqlite3.Connection], Result]) -> Result:
        with sql_schema.sqlite_errors(self._path):
            try:
                return use(self._open())
            except sqlite3.DatabaseError as error:
                if not sql_schema.is_damage(error):
                    raise
            self.close()
            sql_schema.set_aside(self._path)
            return use(self._open())

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            self._connection = sql_schema.open_index(self._path, self._fill)
        return self._connection

    def _refill(self, connection: sqlite3.Connection) -> None:
        for table in ("runs", "facts", "step_states"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608  # three constants
        _insert_all(connection, self._records())

    def _fill(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN")
        _insert_all(connection, self._records())
        connection.execute("COMMIT")


def _insert_all(connection: sqlite3.Connection, records: Iterable[tuple[Record, bool]]) -> None:
    for record, made_here in records:
        _insert(connection, record, made_here=made_here)


def _insert(connection: sqlite3.Connection, record: Record, *, made_here: bool) -> None:
    from runner.core.record_filter import facts  # noqa: PLC0415  # writing alone needs it

    row = summary(record)
    found = facts(row)
    _delete(connection, record.run_id)
    texts = [found[name][1] for name in COLUMNS]
    values = [*texts, found["seconds"][0], record.head.get("kind"), canonical(row).decode()]
    run = connection.execute(INSERT_RUN, values).lastrowid
    named = [(run, name, *fact) for name, fact in found.items() if "." in name]
    connection.executemany("INSERT INTO facts VALUES (?, ?, ?, ?)", named)
    if made_here and record.head.get("kind") == "run":
        good = (entry for entry in record.entries if entry.status in ENDED_WELL)
        rows = (_state_row(record.run_id, entry) for entry in good)
        connection.executemany(INSERT_STATE, rows)


def _delete(connection: sqlite3.Connection, run_id: str) -> None:
    old = connection.execute("DELETE FROM runs WHERE run_id = ? RETURNING id", (run_id,)).fetchall()
    connection.executemany("DELETE FROM facts WHERE run = ?", old)


def _state_row(run_id: str, entry: StepEntry) -> tuple[str, ...]:
    outputs = canonical(dict(entry.outputs)).decode()
    return _sound(entry.step), run_id, entry.step_key, outputs, entry.text.decode()


def _sound(step: str) -> str:
    return step.encode("utf-8", "backslashreplace").decode()
