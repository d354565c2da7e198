"""Carry a plan out.

The schedule says what may start, the assessment whether it has to, the agent sets it up, the
executor runs it; whatever happens is emitted as an event, and nothing else records anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from runner.agent.attempt import Agent, Ending, in_words
from runner.core.events import Event, StepOutput, StepStarted
from runner.core.model import DataVersion, Resources, Step
from runner.core.schedule import ENDED_WELL, Schedule
from runner.core.spelling import listed
from runner.engine.interruption import Interruption
from runner.engine.step_logs import LOOK_SECONDS
from runner.engine.step_runs import executables
from runner.errors import RunnerError
from runner.ports import silently

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from runner.assessment import Assessment, Question
    from runner.core.dag import Dag
    from runner.core.plan import Decision
    from runner.core.record import StepRun
    from runner.engine.step_logs import StepLogs
    from runner.engine.step_runs import StepRuns
    from runner.ports import Command, Executor, Exit
    from runner.workspace.locks import StepLocks

LOCK_PAUSE = 0.05
GRACE = 5.0


class Results(Protocol):
    """The part of data versioning that remembers results and brings them back."""

    def recall(self, step_key: str) -> Mapping[str, object] | None:
        """Give what was remembered under a step_key."""

    def remember(self, step_key: str, document: Mapping[str, object]) -> None:
        """Keep a step's result under its key."""

    def get(self, version: DataVersion, *, executable: bool = False) -> None:
        """Bring content back to its path; a file may then be executed if it is `executable`."""


class Todo(NamedTuple):
    """One run, ready to be carried out.

    `environments` maps names to env_ids; `variables` and `secrets` give each step its values.
    """

    run_id: str
    dag: Dag
    decisions: dict[str, Decision]
    schedule: Schedule
    environments: Mapping[str, str]
    variables: Mapping[str, Mapping[str, str]]
    secrets: Mapping[str, Mapping[str, str]]


class Ports(NamedTuple):
    """The world, as the engine sees it.

    `wrap` gives a step's environment, preparing it first; `pause` waits some seconds when no
    step runs; `now` is the time as a text; `streamed` tells whether anybody watches a step's
    output; `beat` is called at least every `beat_seconds` while steps run. `alone` tells whether
    no other run was here since the decisions; `clear_up` finishes what dead ones left of steps;
    `say` tells whoever watches what an interruption does.
    """

    assessment: Assessment
    agent: Agent
    executor: Executor
    results: Results
    locks: StepLocks
    step_runs: StepRuns
    step_logs: StepLogs
    emit: Callable[[Event], None]
    wrap: Callable[[Step], Callable[[Command], Command]]
    now: Callable[[], str]
    pause: Callable[[float], None]
    streamed: bool = False
    beat: Callable[[], None] | None = None
    beat_seconds: float = 1.0
    alone: Callable[[], bool] = lambda: True
    clear_up: Callable[[Sequence[str]], None] = lambda _: None
    say: Callable[[str], None] = silently


class Running(NamedTuple):
    """An attempt that the executor has; `precious` are outs whose old content is nowhere else."""

    step: Step
    number: int
    decision: Decision
    question: Question
    started: str
    devices: Sequence[str]
    precious: Sequence[str] = ()


class Engine:
    """Carries one run out; `carry_out` is its only verb."""

    def __init__(self, todo: Todo, ports: Ports) -> None:
        self._todo = todo
        self._ports = ports
        self._schedule = todo.schedule
        self._running: dict[str, Running] = {}
        self.stood_in: dict[str, str] = {}
        self._locked_out = False
        self._stopping = False
        self.interruption = Interruption(ports.executor.wake)

    def carry_out(self) -> Mapping[str, str]:
        """Run until every step has ended; give the status of each.

        Raises:
            RunnerError: the run cannot be recorded or the executor is gone; what ran was
                killed and its old outputs are back.
        """
        with self.interruption:
            try:
                while not self._schedule.over:
                    self._start_what_fits()
                    if not self._schedule.over:
                        self._collect()
            finally:
                self._abandon()
        return self._schedule.status

    def _start_what_fits(self) -> None:
        self._locked_out = False
        if self._schedule.stopped() or self._stopping:
            for rest in self._schedule.cancel_rest():
                self._tell_idle(rest, "cancelled")
            return
        held: list[str] = []
        stuck: set[Resources] = set()
        while not self._schedule.stopped():
            name = self._schedule.take_ready(stuck)
            if name is None:
                break
            step = self._todo.dag.steps[name]
            if not self._settle(step):
                held.append(name)
                if not self._schedule.fits(step.resources):
                    stuck.add(step.resources)
        for waiting in held:
            self._schedule.give_back(waiting)

    def _settle(self, step: Step) -> bool:
        """Start a step, or end it if it needs no command; False if it has to wait."""
        if step.command is None:
            self._end_gathering(step)
            return True
        decision = self._decision(step)
        if decision.action == "up-to-date":
            self._end_unrun(step, decision, "up-to-date")
            return True
        if not self._schedule.fits(step.resources):
            return False
        if not self._ports.locks.acquire(step.name, self._todo.dag.upstream[step.name]):
            self._locked_out = True
            return False
        decision = self._decide_again(step, decision)
        if decision.action == "run":
            self._start(step, decision)
        elif decision.action == "restore":
            self._restore(step, decision)
        else:
            self._unlock(step)
            self._end_unrun(step, decision, "up-to-date")
        return True

    def _decision(self, step: Step) -> Decision:
        decision = self._todo.decisions[step.name]
        if not decision.step_key:
            decision = self._ports.assessment.decide(step)
            self._todo.decisions[step.name] = decision
        return decision

    def _decide_again(self, step: Step, decision: Decision) -> Decision:
        """Another run may have done the step, or died of it, since this one looked."""
        if self._ports.alone():
            return decision
        self._ports.clear_up([step.name, *self._todo.dag.upstream[step.name]])
        self._ports.assessment.look_again(step)
        fresh = self._ports.assessment.decide(step)
        forced = any(reason.kind == "forced" for reason in decision.reasons)
        fresh = decision._replace(step_key=fresh.step_key) if forced else fresh
        self._todo.decisions[step.name] = fresh
        return fresh

    def _start(self, step: Step, decision: Decision) -> None:
        devices = self._schedule.start(step.name)
        question = self._ports.assessment.question(step)
        precious = self._ports.assessment.precious(step)
        self._attempt(Running(step, 1, decision, question, self._ports.now(), devices, precious))

    def _attempt(self, running: Running) -> None:
        step, number = running.step, running.number
        self._ports.step_logs.close(step.name)
        try:
            with self.interruption.at_once():
                wrap = self._ports.wrap(step)
            submission = self._ports.agent.begin(
                step,
                number,
                variables=self._todo.variables[step.name],
                secrets=self._todo.secrets.get(step.name, {}),
                devices=running.devices,
                wrap=wrap,
                on_output=self._listen(step.name) if self._ports.streamed else None,
                precious=running.precious,
            )
        except KeyboardInterrupt:
            self._stop()
            self._end(running, Ending("cancelled", (), "cancelled"), None)
            return
        except RunnerError as error:
            self._end(running, _failed(error), None)
            return
        self._running[submission.attempt] = running
        env_id = self._todo.environments[step.environment]
        self._ports.emit(StepStarted(self._ports.now(), step.name, env_id, number))
        self._ports.executor.submit([submission])

    def _listen(self, step: str) -> Callable[[str, str], None]:
        def heard(stream: str, text: str) -> None:
            self._ports.emit(StepOutput(self._ports.now(), step, stream, text))

        return heard

    def _collect(self) -> None:
        """Wait for the next attempts that end, and take in how they ended."""
        for exit_ in self._wait():
            running = self._running[exit_.attempt]
            ending = self._judge(running, exit_)
            if self._may_retry(running, ending):
                self._attempt(
                    running._replace(number=running.number + 1, started=self._ports.now())
                )
            else:
                self._end(running, ending, exit_)
            del self._running[exit_.attempt]

    def _wait(self) -> list[Exit]:
        ports = self._ports
        exits: list[Exit] = []
        if self._running:
            exits = ports.executor.poll(self._patience())
        else:
            ports.pause(LOCK_PAUSE)
        if self.interruption.is_new():
            self._stop()
        if ports.step_logs.due():
            for running in self._running.values():
                self._tell_logged(running.step)
        if ports.beat is not None:
            ports.beat()
        return exits

    def _patience(self) -> float:
        if self._locked_out:
            return LOCK_PAUSE
        watched = self._ports.beat is not None
        return min(self._ports.beat_seconds, LOOK_SECONDS) if watched else LOOK_SECONDS

    def _stop(self) -> None:
        self._stopping = True
        grace = 0.0 if self.interruption.insists else GRACE
        if self.interruption.insists:
            self._ports.say("killing what runs")
        elif self._running:
            names = listed([each.step.name for each in self._running.values()], 3)
            self._ports.say(f"stopping {names}, for at most {GRACE:.0f} s; again to kill at once")
        self._ports.executor.cancel(list(self._running), grace)

    def _judge(self, running: Running, exit_: Exit) -> Ending:
        try:
            return self._ports.agent.end(running.step, exit_)
        except (OSError, RunnerError) as error:
            self._ports.agent.give_up(running.step)
            return _failed(in_words(error))

    def _may_retry(self, running: Running, ending: Ending) -> bool:
        return (
            ending.status == "failed"
            and running.number <= running.step.retries
            and not self._stopping
        )

    def _end(self, running: Running, ending: Ending, exit_: Exit | None) -> None:
        step = running.step
        ports = self._ports
        self._tell_logged(step, over=True)
        ports.agent.forget_logged(step)
        unread = ports.step_logs.problems(step.name)
        logged = ports.step_logs.close(step.name)
        run = ports.step_runs.ran(running, ending, exit_, logged, unread)
        if ending.status == "succeeded":
            try:
                run = self._remember(running, ending, run)
            except RunnerError as error:
                ports.agent.give_up(step)
                ending = _failed(error)
                run = ports.step_runs.ran(running, ending, exit_, logged, unread)
        ports.emit(ports.step_runs.finished(step.name, run))
        self._compare_memory(step, exit_)
        if ending.status == "succeeded":
            self._tell_replaced(ports.agent.accept(step))
        self._unlock(step)
        self._close(step.name, ending.status)

    def _compare_memory(self, step: Step, exit_: Exit | None) -> None:
        declared = step.resources.memory
        used = max(exit_.peak_memory, exit_.tree_memory) if exit_ is not None else 0
        if declared and used > declared:
            mebi = 1 << 20
            self._ports.say(
                f"{step.name} used {used / mebi:.0f} MiB of memory, "
                f"{declared / mebi:.0f} MiB were declared"
            )

    def _remember(self, running: Running, ending: Ending, run: StepRun) -> StepRun:
        """Keep a result under its key, unless what the key was made from changed meanwhile."""
        versions = [output.version for output in ending.outputs]
        step, question = running.step, running.question
        changed = self._ports.assessment.changed_inputs(step, question) if step.deps else []
        if changed:
            self._ports.say(f"{step.name}: {listed(changed)} changed while it ran; it runs again")
            run = run._replace(step_key="")
        elif step.deps or step.outs:
            if question.parts["code"] is not None:
                self.stood_in[step.name] = question.step_key
            self._ports.results.remember(
                question.step_key,
                {
                    "run_id": self._todo.run_id,
                    "outputs": run.outputs,
                    "metrics": run.metrics,
                },
            )
        self._ports.assessment.note(versions)
        return run

    def _restore(self, step: Step, decision: Decision) -> None:
        self._schedule.start(step.name)
        try:
            versions = self._bring_back(step, decision)
        except RunnerError:
            # What was said to be in the cache is not: the command gives it again.
            self._schedule.unstart(step.name)
            self._start(step, decision._replace(action="run"))
            return
        self._ports.assessment.note(versions)
        self._unlock(step)
        self._end_unrun(step, decision, "restored")

    def _bring_back(self, step: Step, decision: Decision) -> list[DataVersion]:
        assessment = self._ports.assessment
        precious = assessment.precious(step)
        runnable = executables(self._ports.results.recall(decision.step_key))
        for out in step.outs:
            found = assessment.version(out.path)
            if found is None or found.md5 != decision.outputs[out.path]:
                if out.path in precious:
                    self._ports.agent.keep_replaced(out.path)
                    self._tell_replaced([out.path])
                wanted = DataVersion(out.path, decision.outputs[out.path], -1)
                self._ports.results.get(wanted, executable=out.path in runnable)
        assessment.forget(step)
        fresh = assessment.decide(step)
        if fresh.action != "up-to-date":
            raise RunnerError(f"{step.name}: what came back from the cache is not what it was")
        return [version for out in step.outs if (version := assessment.version(out.path))]

    def _end_unrun(self, step: Step, decision: Decision, status: str) -> None:
        question = self._ports.assessment.question(step)
        remembered = self._ports.results.recall(decision.step_key)
        versions = [
            version
            for out in step.outs
            if (version := self._ports.assessment.version(out.path)) is not None
        ]
        run = self._ports.step_runs.unrun(step, decision, question, status, versions, remembered)
        self._ports.emit(self._ports.step_runs.finished(step.name, run))
        self._close(step.name, status)

    def _end_gathering(self, step: Step) -> None:
        statuses = {self._schedule.status[name] for name in self._todo.dag.upstream[step.name]}
        status = "up-to-date" if statuses <= {"up-to-date"} else "succeeded"
        self._tell_idle(step.name, status)
        self._close(step.name, status)

    def _close(self, name: str, status: str) -> None:
        for blocked in self._schedule.end(name, status):
            self._tell_idle(blocked, "blocked")

    def _tell_idle(self, name: str, status: str) -> None:
        run = self._ports.step_runs.idle(self._todo.dag.steps[name], status)
        self._ports.emit(self._ports.step_runs.finished(name, run))

    def _tell_logged(self, step: Step, *, over: bool = False) -> None:
        for event in self._ports.step_logs.news(step.name, over=over):
            self._ports.emit(event)

    def _tell_replaced(self, paths: Sequence[str]) -> None:
        for path in paths:
            self._ports.say(f"kept what was at {path} before: {self._ports.agent.replaced(path)}")

    def _unlock(self, step: Step) -> None:
        self._ports.locks.release(step.name, self._todo.dag.upstream[step.name])

    def _abandon(self) -> None:
        """Leave nothing running and nothing half done, however the loop ended."""
        self._ports.executor.close()
        for running in self._running.values():
            self._ports.agent.give_up(running.step)
            self._ports.agent.forget_logged(running.step)
        self._running.clear()
        self._ports.agent.close()


def _failed(error: RunnerError) -> Ending:
    problem = f"{error.message}\nhint: {error.hint}" if error.hint else error.message
    return Ending("failed", (), problem)


def went_well(statuses: Mapping[str, str]) -> bool:
    """Tell whether every step ended well."""
    return all(status in ENDED_WELL for status in statuses.values())
