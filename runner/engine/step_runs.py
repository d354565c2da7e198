"""Build the record entry of each step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from runner.core.events import StepFinished
from runner.core.paths import file_name
from runner.core.record import StepRun

if TYPE_CHECKING:
    from runner.agent.attempt import Ending
    from runner.assessment import Question
    from runner.core.model import DataVersion, Out, Step
    from runner.core.plan import Decision
    from runner.engine.loop import Running
    from runner.ports import Exit

ReadMetrics = Callable[[Sequence[str]], tuple[Mapping[str, float], Sequence[str]]]


class StepRuns:
    """Makes the entries of one run.

    `environments` maps environment names to env_ids, `read_metrics` reads metric files, `now`
    gives the time as a text.
    """

    def __init__(
        self,
        environments: Mapping[str, str],
        read_metrics: ReadMetrics,
        now: Callable[[], str],
    ) -> None:
        self._environments = environments
        self._read_metrics = read_metrics
        self._now = now

    def finished(self, step: str, run: StepRun) -> StepFinished:
        """Wrap an entry as its event."""
        return StepFinished(self._now(), step, run.document())

    def ran(
        self,
        running: Running,
        ending: Ending,
        exit_: Exit | None,
        logged: Mapping[str, float],
        unread: Sequence[str] = (),
    ) -> StepRun:
        """Describe a step whose command ran, or could not be started (no exit).

        `unread` says what is wrong with what it logged.
        """
        step = running.step
        run = self._entry(step, ending.status, running.decision, running.question)
        metrics, problems = self._metrics(step) if ending.status == "succeeded" else ({}, [])
        run = run._replace(
            outputs=[
                _output(out, version, (sha256, isexec))
                for out, version, sha256, isexec in ending.outputs
            ],
            metrics={**metrics, **logged},
            started=running.started,
            attempts=running.number,
            problem="; ".join(filter(None, [ending.problem, *problems, *unread])),
            log=f"logs/{file_name(step.name)}.log",
        )
        if exit_ is None:
            return run
        return run._replace(
            exit_code=exit_.code,
            seconds=round(exit_.seconds, 6),
            cpu_seconds=round(exit_.cpu_seconds, 6),
            peak_memory=exit_.peak_memory,
            tree_memory=exit_.tree_memory,
            samples=exit_.samples,
        )

    def unrun(  # each is one fact of the entry
        self,
        step: Step,
        decision: Decision,
        question: Question,
        status: str,
        versions: Iterable[DataVersion],
        remembered: Mapping[str, object] | None,
    ) -> StepRun:
        """Describe a step that needed no command: up to date, or restored from the cache."""
        run = self._entry(step, status, decision, question)
        by_path = {version.path: version for version in versions}
        remembered = remembered or {}
        kept = remembered.get("metrics")
        if not isinstance(kept, dict) or not _gave(remembered, by_path):
            kept = self._metrics(step)[0]
        metrics = kept
        source = str(remembered.get("run_id") or "")
        known = _known(remembered)
        return run._replace(
            outputs=[
                _output(out, version, known.get((version.path, version.md5), (None, False)))
                for out in step.outs
                if (version := by_path.get(out.path)) is not None
            ],
            metrics=metrics,
            restored_from=(source or None) if status == "restored" else None,
        )

    def idle(self, step: Step, status: str) -> StepRun:
        """Describe a step that was never looked at: gathering, blocked or cancelled."""
        return self._entry(step, status, None, None)

    def _metrics(self, step: Step) -> tuple[Mapping[str, float], Sequence[str]]:
        paths = [out.path for out in step.outs if out.kind == "metric"]
        return self._read_metrics(paths) if paths else ({}, [])

    def _entry(
        self, step: Step, status: str, decision: Decision | None, question: Question | None
    ) -> StepRun:
        return StepRun(
            step.name,
            step.entry_point,
            status,
            step_key=question.step_key if question else "",
            components=question.parts if question else {},
            command=step.shown_command,
            env_id=self._environments[step.environment] if step.command is not None else "",
            inputs=question.inputs if question else (),
            reasons=decision.reasons if decision else (),
        )


def _gave(remembered: Mapping[str, object], versions: Mapping[str, DataVersion]) -> bool:
    """Tell whether what is remembered gave just these outputs, of the same kinds."""
    outputs = remembered.get("outputs")
    if not isinstance(outputs, list):
        return False
    known = {(out.get("path"), out.get("md5")) for out in outputs if _is_output(out)}
    return known == {(version.path, version.md5) for version in versions.values()}


def executables(remembered: Mapping[str, object] | None) -> set[str]:
    """Name the remembered outputs that may be executed."""
    return {path for (path, _), (_, isexec) in _known(remembered or {}).items() if isexec}


def _is_output(out: object) -> bool:
    """Tell whether a remembered output is one: other programs may write to the cache."""
    return isinstance(out, dict) and all(isinstance(out.get(key), str) for key in ("path", "md5"))


def _known(remembered: Mapping[str, object]) -> dict[tuple[str, str], tuple[str | None, bool]]:
    """Give sha256 and isexec of each remembered output, by its path and md5."""
    outputs = remembered.get("outputs")
    return {
        (out["path"], out["md5"]): (out.get("sha256"), bool(out.get("isexec")))
        for out in (outputs if isinstance(outputs, list) else [])
        if _is_output(out)
    }


def _output(out: Out, version: DataVersion, known: tuple[str | None, bool]) -> dict[str, object]:
    sha256, isexec = known
    entry: dict[str, object] = {
        "path": version.path,
        "kind": out.kind,
        "md5": version.md5,
        "sha256": sha256,
        "size": version.size,
        "nfiles": version.nfiles,
        "stored": "dvc" if out.cache else "none",
    }
    if isexec:
        entry["isexec"] = True
    if out.compare != "bytes":
        entry |= {"compare": out.compare, "reason": out.reason}
    for name in ("rtol", "atol"):
        if (value := getattr(out, name)) is not None:
            entry[name] = value
    return entry
