"""The store of a project's runs: a file per record as the truth, an index to find them."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from runner.core.record import ENDED_WELL, Record, named
from runner.core.run_id import choose, steps_back
from runner.errors import Problem, StoreError
from runner.fault_points import fault_point
from runner.stores.files import RunFiles
from runner.stores.interrupted import dead_runs, live_runs
from runner.stores.sql_index import RunIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from runner.core.record import StepState

Point = tuple[int, str, float]


class RunStore:
    """Keeps and finds the records of one project.

    `runner_folder` is its `.runner`. Nothing is opened before it is needed, and asking makes
    no folder.
    """

    def __init__(self, runner_folder: str) -> None:
        self._files = RunFiles(runner_folder)
        index = os.path.join(runner_folder, "index.sqlite")
        self._index = RunIndex(index, self._readable_records)

    def save(self, record: Mapping[str, object]) -> None:
        """Keep one finished record for good; it is on disk when this returns.

        Raises:
            StoreError: it cannot be written, or the run is recorded otherwise.
        """
        whole = Record.of(record)
        self._files.write(whole)
        fault_point("index.before")
        self._index.put([(whole, True)])
        fault_point("index.after")

    def load(self, run_id: str) -> dict[str, Any]:
        """Give the record of exactly this run; of a live run what it would be so far.

        Raises:
            StoreError: there is none, or it cannot be read.
        """
        if not self._files.has_record(run_id):
            draft = self._files.draft(run_id)
            if draft.begun:
                is_live = run_id in self.live()
                return dict(draft.record("running" if is_live else "interrupted"))
        return self._files.read(run_id)

    def resolve(self, words: str) -> str:
        """Turn an id prefix, `latest` or `latest~N` into a run id; live runs by prefix only.

        Raises:
            UsageError: no run has that name, or several.
        """
        back = steps_back(words)
        if back is not None:
            ids = self._index.newest(back + 1)
            return choose(words, ids if len(ids) > back else self._index.newest())
        ids = [*self.live(), *self._index.beginning_with(words.upper())] if words else []
        ids = [run_id for run_id in dict.fromkeys(ids) if run_id.startswith(words.upper())]
        return choose(words, ids or self._index.newest())

    def find(
        self,
        *,
        filter: str = "",  # noqa: A002  # the port's and the command line's word
        sort: str = "",
        limit: int | None = None,
    ) -> list[dict[str, Any]]:
        """List summaries of runs, newest first unless sorted otherwise.

        Raises:
            UsageError: the filter or the sort order cannot be read.
        """
        rows: list[dict[str, Any]] = json.loads(self.find_json(filter, sort, limit))
        return rows

    def find_json(self, where: str = "", sort: str = "", limit: int | None = None) -> str:
        """List summaries like `find`, as the text of a JSON array.

        Raises:
            UsageError: the filter or the sort order cannot be read.
        """
        from runner.core.record_filter_parser import parse_filter, parse_sort  # noqa: PLC0415  # a run finds nothing

        return self._index.find(parse_filter(where), parse_sort(sort), limit)

    def by_plan(self, plan_id: str, commit: str, result_id: str) -> str | None:
        """Name the newest run that gave this answer to this question at this commit."""
        found = self._index.by_plan(plan_id, commit, result_id)
        return next((run_id for run_id in found if self._files.has_record(run_id)), None)

    def last_step(self, names: Collection[str]) -> dict[str, StepState]:
        """Give what this folder last recorded for each of these steps that ended well."""
        return self._index.states(names)

    def live(self) -> list[str]:
        """Name the runs that are under way, oldest first."""
        return live_runs(self._files.active)

    def metrics_history(self, run_id: str) -> dict[str, list[Point]]:
        """Give every logged point of a run's metrics: name -> (number, time, value).

        Points of an attempt that was repeated are left out, as in the record.
        """
        logged: dict[str, dict[str, list[Point]]] = {}
        for event in self._files.events(run_id, (b'"metric"', b'"step_started"')):
            if event["event"] == "step_started":
                logged.pop(event["step"], None)
            elif event["event"] == "metric":
                point = (event["number"], event["time"], event["value"])
                logged.setdefault(event["step"], {}).setdefault(event["name"], []).append(point)
        steps = ((step["step"], step["metrics"]) for step in self.load(run_id)["steps"])
        names = named(steps) if logged else {}
        return {
            names.get((step, name), name): points
            for step, by_name in logged.items()
            for name, points in by_name.items()
        }

    def close_interrupted(self, recover: Callable[[str], None] | None = None) -> list[str]:
        """Bring every run whose runner has died to its end, and name those runs.

        `recover` is called for each before it is recorded, to kill what it left running and to
        put outputs back; it may be called again for the same run if this process dies too.
        """
        closed = []
        for run_id in dead_runs(self._files.active):
            if recover is not None:
                recover(run_id)
            self._close(run_id)
            closed.append(run_id)
        return closed

    def rebuild(self) -> int:
        """Make the index anew from the records, and count them.

        Runs that were lost without a trace in `active/` are closed on the way.
        """
        for run_id in self._lost():
            self._close(run_id)
        self._index.rebuild()
        return len(self._index.newest())

    def forget(self, run_id: str) -> None:
        """Remove a run with everything it kept; its steps remember the run before."""
        self._files.remove(run_id)
        wanted = set(self._index.forget(run_id))
        for other in reversed(self._files.run_ids() if wanted else []):
            if wanted and self._files.made_here(other) and self._files.has_record(other):
                record = self._files.record(other)
                entries = [
                    entry
                    for entry in record.entries
                    if entry.step in wanted and entry.status in ENDED_WELL
                ]
                if record.head.get("kind") == "run":
                    self._index.put_states(other, entries)
                    wanted -= {entry.step for entry in entries}

    def import_records(self, lines: Iterable[str | bytes], name: str) -> tuple[int, int]:
        """Take in records, one JSON document a line: all of them or, if one is wrong, none.

        Returns:
            How many came in, and how many were here already.

        Raises:
            StoreError: naming each line that is wrong, as `name:line`.
        """
        from runner.stores.transfer import read_records  # noqa: PLC0415  # brings jsonschema

        new = read_records(lines, name, self._record_id)
        for record in new.records:
            self._files.add_whole(record)
        self._index.put((record, False) for record in new.records)
        return len(new.records), new.known

    def export_records(self) -> Iterator[bytes]:
        """Give every record as one line, oldest first."""
        for run_id in self._files.run_ids():
            if self._files.has_record(run_id):
                yield self._files.text(run_id)

    def problems(self) -> list[Problem]:
        """Name records that are damaged, and runs that the index and the files do not share."""
        from runner.core.record_check import check  # noqa: PLC0415  # `doctor` alone needs it

        found = []
        on_disk = [run_id for run_id in self._files.run_ids() if self._files.has_record(run_id)]
        for run_id in on_disk:
            try:
                wrong = check(self._files.read(run_id))
            except StoreError as error:
                wrong = [Problem(error.message, hint=error.hint)]
            found += [
                problem._replace(where=f"{run_id} {problem.where}".strip()) for problem in wrong
            ]
        hint = "runner doctor --rebuild-index"
        indexed = self._index.newest()
        for run_id in sorted(set(on_disk) ^ set(indexed)):
            what = "is not in the index" if run_id in on_disk else "has no record"
            found.append(Problem(f"the run {what}", run_id, hint=hint))
        lost = (Problem("the run was never closed", run_id, hint=hint) for run_id in self._lost())
        return [*found, *lost]

    def close(self) -> None:
        """Let go of the index; asking again opens it again."""
        self._index.close()

    def _close(self, run_id: str) -> None:
        if self._files.has_record(run_id):
            self._index.put([(self._files.record(run_id), True)])
            return
        draft = self._files.draft(run_id)
        if draft.begun:
            self.save(draft.record())
        else:
            self._files.remove(run_id)

    def _lost(self) -> list[str]:
        """Name the runs that have neither a record nor a file in `active/`."""
        return [
            run_id
            for run_id in self._files.run_ids()
            if not self._files.has_record(run_id)
            and not self._files.is_active(run_id)
            and not self._files.has_record(run_id)
        ]

    def _record_id(self, run_id: str) -> str | None:
        if not self._files.has_record(run_id):
            return None
        return str(self._files.read(run_id).get("record_id"))

    def _readable_records(self) -> Iterator[tuple[Record, bool]]:
        for run_id in self._files.run_ids():
            if self._files.has_record(run_id):
                try:
                    record = self._files.record(run_id)
                except StoreError:
                    continue
                yield record, self._files.made_here(run_id)
