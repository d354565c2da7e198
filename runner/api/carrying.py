"""Carry one planned run out: its folders, its listeners, its engine, its record."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Protocol

from runner import bootstrap
from runner.agent.attempt import Agent, Places
from runner.api import planning
from runner.api.announcing import beginning
from runner.api.clock import now
from runner.api.describing import run_document
from runner.api.environments import Environments
from runner.api.recovery import clear_up
from runner.api.results import Result
from runner.core.events import Event, RunFinished, RunStarted, StepFinished
from runner.core.run_id import new_run_id
from runner.core.schedule import Schedule, counts
from runner.core.spelling import listed
from runner.engine.loop import Engine, Ports, Todo, went_well
from runner.engine.step_logs import StepLogs
from runner.engine.step_runs import StepRuns
from runner.errors import RunnerError, StoreError
from runner.process import hide, step_api_folder
from runner.recording import Recorder
from runner.workspace import machine, values
from runner.workspace.locks import StepLocks
from runner.workspace.registration import Company, registration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from runner.views.progress import Beginning


class Watcher(Protocol):
    """Whoever watches a run: it hears every event, and is called while nothing happens."""

    streams: bool
    beat_seconds: float

    def __call__(self, event: Event) -> None:
        """Hear an event."""

    def begin(self, beginning: Beginning) -> None:
        """Hear what is about to run."""

    def beat(self) -> None:
        """Be called at least once a second while steps run."""

    def say(self, text: str) -> None:
        """Hear a note about what goes on between steps."""

    def close(self) -> None:
        """Hear that it is over, however it ended."""


class CarriedRun:
    """One run: its folders, its listeners, its engine."""

    def __init__(
        self,
        prepared: planning.Prepared,
        company: Company,
        watchers: Sequence[Watcher],
        on_line: Callable[[bytes], None] | None,
    ) -> None:
        self._prepared = prepared
        self._company = company
        self._watchers = watchers
        self._ports = prepared.ports
        self.run_id = new_run_id(time.time_ns() // 1_000_000, os.urandom(10))
        bootstrap.make_runner_folder(self._ports.runner_folder)
        self._folder = os.path.join(self._ports.runner_folder, "runs", self.run_id)
        with registration(self._ports.runner_folder):
            company.join()
            self._locks = StepLocks(self._ports.runner_folder, self.run_id)
            self._recorder = Recorder(self._folder, self.run_id, self._ports.store, on_line)
        self._on_line = on_line
        self._environments = Environments(prepared, self._folder, self._emit, self._say)

    def carry_out(self) -> Result:
        """Run it, and close the record whatever happens."""
        try:
            with self._recorder:
                self._make_folders()
                return self._carry_out()
        finally:
            self._locks.close()
            for watcher in self._watchers:
                watcher.close()

    def _carry_out(self) -> Result:
        prepared = self._prepared
        announced = beginning(prepared, self.run_id, self._folder)
        for watcher in self._watchers:
            watcher.begin(announced)
        self._inputs = prepared.assessment.external_inputs()
        started = now()
        document = run_document(prepared, self.run_id, started, self._inputs.values())
        self._emit(RunStarted(started, tuple(prepared.dag.steps), document))
        engine = Engine(self._todo(), self._engine_ports())
        try:
            statuses = engine.carry_out()
        finally:
            self._ports.data.flush()
        by = engine.interruption.received
        status = "interrupted" if by else "succeeded" if went_well(statuses) else "failed"
        self._finish(RunFinished(now(), status, self._known_at_the_end(statuses, engine)), statuses)
        return Result(self.run_id, status, statuses, prepared, interrupted_by=by)

    def _make_folders(self) -> None:
        try:
            for part in ("logs", "logged"):
                os.makedirs(os.path.join(self._folder, part), exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"cannot write {self._folder}: {error.strerror}", hint="make room, then run again"
            ) from error

    def _emit(self, event: Event) -> None:
        self._recorder(event)
        for watcher in self._watchers:
            watcher(event)

    def _finish(self, event: RunFinished, statuses: Mapping[str, str]) -> None:
        """Record the end; those who watch hear it once the record is on disk."""
        self._recorder(event)
        record = self._recorder.record
        assert record is not None, "the end was recorded"
        known = {"counts": counts(statuses.values()), "seconds": record["seconds"]}
        for watcher in self._watchers:
            watcher(event._replace(document={**event.document, **known}))

    def _say(self, text: str) -> None:
        for watcher in self._watchers:
            watcher.say(text)

    def _beat(self) -> None:
        for watcher in self._watchers:
            watcher.beat()

    def _todo(self) -> Todo:
        prepared = self._prepared
        dag = prepared.dag
        schedule = Schedule(
            dag.steps,
            dag.upstream,
            dag.downstream,
            slots=int(str(prepared.settings.get("jobs") or machine.cores())),
            memory=machine.memory(),
            gpus=machine.gpus(),
            keep_going=bool(prepared.settings.get("keep_going")),
        )
        env_ids = {name: env_id for name, (_, env_id) in prepared.environments.items()}
        return Todo(
            self.run_id,
            dag,
            prepared.decisions,
            schedule,
            env_ids,
            prepared.variables,
            prepared.secrets,
        )

    def _engine_ports(self) -> Ports:
        prepared = self._prepared
        env_ids = {name: env_id for name, (_, env_id) in prepared.environments.items()}
        folder = self._ports.folder
        agent = Agent(
            self.run_id,
            self._places(),
            self._ports.data,
            self._variables(),
            str(prepared.settings["shell"]) if "shell" in prepared.settings else None,
            hidden := planning.secret_values(prepared.project),
        )
        return Ports(
            assessment=prepared.assessment,
            agent=agent,
            executor=bootstrap.executor(self.run_id),
            results=self._ports.data,
            locks=self._locks,
            step_runs=StepRuns(env_ids, lambda paths: values.metrics(folder, paths), now),
            step_logs=StepLogs(
                agent.logged,
                self._places().artifacts,
                now,
                time.monotonic,
                lambda text: hide(text, hidden),
            ),
            emit=self._emit,
            wrap=self._environments.wrap,
            now=now,
            pause=time.sleep,
            streamed=self._on_line is not None or any(w.streams for w in self._watchers),
            beat=self._beat if self._watchers else None,
            beat_seconds=min((w.beat_seconds for w in self._watchers), default=1.0),
            alone=self._company.is_alone,
            say=self._say,
            clear_up=lambda steps: clear_up(folder, self._ports.store, self._locks, steps),
        )

    def _places(self) -> Places:
        hidden = self._ports.runner_folder
        return Places(
            project=self._ports.folder,
            logs=os.path.join(self._folder, "logs"),
            logged=os.path.join(self._folder, "logged"),
            artifacts=os.path.join(self._folder, "artifacts"),
            aside=os.path.join(hidden, "aside", self.run_id),
            partial=os.path.join(self._folder, "partial"),
            replaced=os.path.join(self._folder, "replaced"),
        )

    def _variables(self) -> dict[str, str]:
        return {
            **reproducible_variables(self._ports.control.epoch()),
            "PYTHONPATH": step_api_folder(),
            "RUNNER_RUN_ID": self.run_id,
            "RUNNER_ARTIFACTS": os.path.join(self._folder, "artifacts"),
        }

    def _known_at_the_end(self, statuses: Mapping[str, str], engine: Engine) -> dict[str, object]:
        ran = [name for name, status in statuses.items() if status in {"succeeded", "failed"}]
        commands = [name for name in ran if self._prepared.dag.steps[name].command is not None]
        written = self._undeclared(commands) if commands else []
        if written and engine.stood_in:
            self._distrust_if_code_changed(engine.stood_in)
        return {"undeclared_writes": written}

    def _distrust_if_code_changed(self, stood_in: Mapping[str, str]) -> None:
        """Keep no result of steps that stand for all code, when the code is not what it was.

        Nobody can tell whether they read it before or after the change.
        """
        prepared = self._prepared
        fresh = bootstrap.connect(self._ports.folder, prepared.settings).control
        fresh.revision(prepared.outs)
        if fresh.stand_in(prepared.outs) == prepared.assessment.code_stand_in():
            return
        self._say(f"the code changed during the run: {listed(list(stood_in))} will run again")
        for step, step_key in stood_in.items():
            self._ports.data.remember(step_key, {})
            step_run = {**self._recorder.step_run(step), "step_key": ""}
            self._recorder(StepFinished(now(), step, step_run))

    def _undeclared(self, ran: Sequence[str]) -> list[dict[str, object]]:
        """Compare the folder once with what it was; provenance errors never fail a run."""
        before = self._inputs
        try:
            written = self._ports.control.changed()
            after = self._ports.data.versions(before)
        except RunnerError as error:
            self._say(f"what was written beside the outs could not be compared: {error.message}")
            return []
        by = ran[0] if len(ran) == 1 else None
        changed = [
            path
            for path, version in before.items()
            if (now_there := after[path]) is None or now_there.md5 != version.md5
        ]
        found = [(path, "input") for path in changed]
        inputs = set(changed)
        found += [(path, "file") for path in written if path not in inputs]
        return [{"path": path, "what": what, "step": by} for path, what in found]


def reproducible_variables(epoch: int) -> dict[str, str]:
    """Give the variables that make most programs write the same bytes twice.

    With these 25 typical output files differed in 6 cases, without them in 9
    (SOURCE_DATE_EPOCH: reproducible-builds.org).
    """
    return {"PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": str(epoch), "TZ": "UTC"}
