"""What each step of a graph needs, as the folder is now: facts fetched once, decisions pure.

The facts come through the ports (hashes, code or data, what was recorded, what the run cache
remembers); `core.plan` decides. The engine asks again, step by step, as outputs become known.
"""

from __future__ import annotations

from re import compile as pattern
from typing import TYPE_CHECKING, NamedTuple, Protocol

from runner.core import fingerprint, plan
from runner.core.model import DataVersion, Dep, Step
from runner.core.paths import folders_above
from runner.core.plan import Decision, Reason, Remembered

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from runner.core.dag import Dag
    from runner.core.fingerprint import Components

MD5 = pattern(r"[0-9a-f]{32}(\.dir)?")


class Content(Protocol):
    """The part of data versioning that decisions are made from."""

    def versions(self, paths: Iterable[str]) -> dict[str, DataVersion | None]:
        """Hash each path exactly as DVC does; None where there is nothing."""

    def has(self, version: DataVersion) -> bool:
        """Tell whether the cache can bring the content back, and that it is intact."""

    def keeps(self, version: DataVersion) -> bool:
        """Tell whether the cache has the content of what is in the workspace, unverified."""

    def recall(self, step_key: str) -> Mapping[str, object] | None:
        """Give what was remembered under a step_key."""

    def refresh_results(self) -> None:
        """Take in what others have remembered since the last look."""

    def tracked(self, path: str) -> DataVersion | None:
        """Tell which version a `.dvc` file or a dvc.lock promises for the path."""


class Code(Protocol):
    """The part of source control that decisions are made from."""

    def is_code(self, path: str) -> bool:
        """Tell whether git tracks the path, or would."""

    def stand_in(self, outs: Collection[str]) -> str:
        """Identify the project folder's code, for steps that declare none."""


class Circumstances(NamedTuple):
    """What is given before any step is looked at.

    `environments` maps an environment's name to its env_id, `variables` a step to the values of
    its declared variables, `last` a step to what was last recorded for it. `outs` are those of
    the whole project, also of steps that are not asked for; `shell` is the one the settings name.
    """

    environments: Mapping[str, str]
    variables: Mapping[str, Mapping[str, str]]
    last: Mapping[str, Remembered]
    outs: Sequence[str]
    forced: frozenset[str] = frozenset()
    shell: str | None = None


class Question(NamedTuple):
    """A step's key, what it is made from, and its inputs as they are."""

    step_key: str
    parts: Components
    inputs: tuple[DataVersion, ...]


class Assessment:
    """Facts and decisions about the steps of one graph.

    `read_parameters` reads the keyed values of parameters files. Paths that were produced in
    this run are told by `note`, everything else is hashed when it is first asked for.
    """

    def __init__(
        self,
        dag: Dag,
        content: Content,
        code: Code,
        given: Circumstances,
        read_parameters: Callable[[Iterable[Dep]], Mapping[str, object]],
    ) -> None:
        self._dag = dag
        self._content = content
        self._code = code
        self._given = given
        self._read_parameters = read_parameters
        self._outs = _Paths(out.path for step in dag.steps.values() for out in step.outs)
        self._all_outs = _Paths(given.outs)
        self._known: dict[str, DataVersion | None] = {}
        self._questions: dict[str, Question] = {}
        self._is_code: dict[str, bool] = {}
        self._stand_in: str | None = None
        self._read: dict[tuple[Dep, str | None], Mapping[str, object]] = {}

    def look(self) -> None:
        """Hash everything the graph names, in one go."""
        paths = dict.fromkeys(self._outs.paths)
        for step in self._dag.steps.values():
            for dep in step.deps:
                paths[dep.path] = None
        self._known = self._content.versions(paths)

    def forecast(self) -> dict[str, Decision]:
        """Decide every step as far as that is possible before any of them ran.

        A decision without a step_key is not final: it rests on outputs that are still to come
        back, and is made again once they have.
        """
        decisions: dict[str, Decision] = {}
        promised = _Promised()
        for name, step in self._dag.steps.items():
            pending = [
                up for up in self._dag.upstream[name] if decisions[up].action != "up-to-date"
            ]
            unsure = [up for up in pending if decisions[up].action != "restore"]
            promises = promised.of(step)
            if step.command is None:
                decision = plan.gathers(step, pending)
            elif unsure or promises is None:
                decision = self._wait(step, unsure or pending)
            elif promises:
                question = self._question(step, promises)
                decision = self._decide(step, question)._replace(step_key="")
            else:
                question = self._questions[name] = self._question(step, {})
                decision = self._decide(step, question)
            if decision.action == "restore":
                promised.add(decision.outputs)
            decisions[name] = decision
        return decisions

    def decide(self, step: Step) -> Decision:
        """Decide a step whose upstream has ended, from its inputs as they are now."""
        self._refresh(step)
        question = self._questions[step.name] = self._question(step, {})
        return self._decide(step, question)

    def question(self, step: Step) -> Question:
        """Give what a decided step asks; each is given once, so that memory stays flat."""
        return self._questions.pop(step.name, None) or self._question(step, {})

    def version(self, path: str) -> DataVersion | None:
        """Give what is known of a path."""
        return self._known.get(path)

    def precious(self, step: Step) -> list[str]:
        """Name the outs whose content is nowhere else: no run recorded it, no cache has it."""
        last = self._given.last.get(step.name)
        recorded = last.outputs if last else {}
        return [
            out.path
            for out in step.outs
            if (version := self._known.get(out.path)) is not None
            and recorded.get(out.path) != version.md5
            and not self._content.keeps(version)
        ]

    def note(self, outputs: Iterable[DataVersion]) -> None:
        """Take in what a step wrote."""
        for version in outputs:
            self._known[version.path] = version

    def forget(self, step: Step) -> None:
        """Hash a step's inputs and outs anew the next time they are asked for."""
        for path in [*(dep.path for dep in step.deps), *(out.path for out in step.outs)]:
            self._known.pop(path, None)

    def look_again(self, step: Step) -> None:
        """Forget what is known around a step: another run was at work."""
        self.forget(step)
        self._content.refresh_results()

    def changed_inputs(self, step: Step, question: Question) -> list[str]:
        """Name the inputs that are not what they were when the question was asked."""
        before = {version.path: version.md5 for version in question.inputs}
        now = self._content.versions(before)
        changed = [
            path
            for path, md5 in before.items()
            if (version := now[path]) is None or version.md5 != md5
        ]
        self._known.update({path: now[path] for path in changed})
        keyed = [dep for dep in step.deps if dep.keys and dep.path in changed]
        if keyed and self._values(keyed).items() <= question.parts["params"].items():
            plain = {dep.path for dep in step.deps if not dep.keys}
            return [path for path in changed if path in plain]
        return changed

    def external_inputs(self) -> dict[str, DataVersion]:
        """Give the version of every input that no step of the graph produces."""
        found: dict[str, DataVersion] = {}
        for step in self._dag.steps.values():
            for dep in step.deps:
                version = self._known.get(dep.path)
                if version is not None and not self._outs.reach(dep.path):
                    found[dep.path] = self._with_kind(version)
        return found

    def code_stand_in(self) -> str:
        """Identify the code of the project's folder, as it was when the run began."""
        if self._stand_in is None:
            self._stand_in = self._code.stand_in(self._given.outs)
        return self._stand_in

    def altered_inputs(self) -> list[str]:
        """Name the inputs that are not what DVC tracks under their names."""
        inputs = self.external_inputs().items()
        own = [path for path, version in inputs if version.kind == "file"]
        return [path for path in own if self._content.tracked(path) is not None]

    def plan_id(self, targets: Sequence[str], code: str) -> str:
        """Identify the question that this graph asks of this code and this data."""
        questions = (
            (step, self._given.environments[step.environment], self._given.variables[name])
            for name, step in self._dag.steps.items()
        )
        inputs = {path: version.md5 for path, version in self.external_inputs().items()}
        return fingerprint.plan_id(targets, questions, code=code, inputs=inputs)

    def _decide(self, step: Step, question: Question) -> Decision:
        key = question.step_key
        last = self._given.last.get(step.name)
        there = {out.path: self._md5(out.path) for out in step.outs}
        result = last.outputs if last and last.step_key == key else None
        restorable = False
        if result is not None and result != there:
            restorable = self._restorable(step, result)
        if result is None or (result != there and not restorable):
            recalled = self._recall(step, key)
            if recalled is not None:
                result = recalled
                restorable = result != there and self._restorable(step, result)
        return plan.decide(
            step,
            step_key=key,
            parts=question.parts,
            last=last,
            there=there,
            result=result,
            restorable=restorable,
            forced=step.name in self._given.forced,
        )

    def _wait(self, step: Step, pending: Sequence[str]) -> Decision:
        name = step.name
        last = self._given.last.get(name)
        if plan.always_runs(step):
            return Decision(name, "run", (plan.NO_FINGERPRINT,))
        if name in self._given.forced:
            return Decision(name, "run", (Reason("forced"),))
        if last is None:
            return Decision(name, "run" if step.command else "maybe", (plan.NEVER_RUN,))
        unknown = frozenset(dep.path for dep in step.deps if self._outs.reach(dep.path))
        parts = self._parts(step, self._md5, unknown)
        known = (
            reason
            for reason in plan.changes(last, parts)
            if not (reason.kind == "dep" and reason.what in unknown)
            and not (reason.kind == "parameter" and reason.what.partition(":")[0] in unknown)
        )
        return plan.waits_for(step, pending, known)

    def _question(self, step: Step, promised: Mapping[str, str]) -> Question:
        parts = self._parts(step, lambda path: promised.get(path) or self._md5(path))
        inputs = tuple(
            self._with_kind(version)
            for dep in step.deps
            if (version := self._known.get(dep.path)) is not None
        )
        return Question(fingerprint.step_key(parts), parts, inputs)

    def _parts(
        self,
        step: Step,
        md5: Callable[[str], str | None],
        unknown: Collection[str] = frozenset(),
    ) -> Components:
        plain = [dep.path for dep in step.deps if not dep.keys]
        keyed = [dep for dep in step.deps if dep.keys and dep.path not in unknown]
        declares_code = any(map(self._code_dep, plain))
        return fingerprint.components(
            step,
            deps={path: md5(path) or "" for path in plain},
            params=self._values(keyed) if keyed else {},
            env_id=self._given.environments[step.environment],
            variables=self._given.variables[step.name],
            code=None if declares_code or step.command is None else self.code_stand_in(),
            shell=self._given.shell,
        )

    def _values(self, keyed: Sequence[Dep]) -> Mapping[str, object]:
        """Give the values of keys; each file is read once as long as it stays the same."""
        unread = [
            dep
            for dep in keyed
            if (md5 := self._md5(dep.path)) is not None and (dep, md5) not in self._read
        ]
        if unread:
            found = self._read_parameters(unread)
            for dep in unread:
                names = [f"{dep.path}:{key}" for key in dep.keys or ()]
                self._read[dep, self._md5(dep.path)] = {name: found[name] for name in names}
        values: dict[str, object] = {}
        for dep in keyed:
            values |= self._read.get((dep, self._md5(dep.path)), {})
        return values

    def _recall(self, step: Step, key: str) -> Mapping[str, str] | None:
        remembered = self._content.recall(key)
        if remembered is None:
            return None
        outputs = remembered.get("outputs")
        if not isinstance(outputs, list):
            return None
        result = {entry["path"]: entry["md5"] for entry in outputs if _names_content(entry)}
        return result if result.keys() == {out.path for out in step.outs} else None

    def _restorable(self, step: Step, result: Mapping[str, str]) -> bool:
        return all(
            self._md5(out.path) == result[out.path]
            or (out.cache and self._content.has(DataVersion(out.path, result[out.path], -1)))
            for out in step.outs
        )

    def _refresh(self, step: Step) -> None:
        wanted = [dep.path for dep in step.deps] + [out.path for out in step.outs]
        stale = [
            path
            for path in wanted
            if path not in self._known or (path not in self._outs.paths and self._outs.reach(path))
        ]
        if stale:
            self._known.update(self._content.versions(dict.fromkeys(stale)))

    def _md5(self, path: str) -> str | None:
        version = self._known.get(path)
        return version.md5 if version is not None else None

    def _with_kind(self, version: DataVersion) -> DataVersion:
        if self._all_outs.reach(version.path):
            return version._replace(kind="out")
        if self._code_dep(version.path):
            return version._replace(kind="git")
        promised = self._content.tracked(version.path)
        if promised is None or (promised.path == version.path and promised.md5 != version.md5):
            return version._replace(kind="file")
        return version._replace(kind="dvc")

    def _code_dep(self, path: str) -> bool:
        known = self._is_code.get(path)
        if known is None:
            known = not self._all_outs.reach(path) and self._code.is_code(path)
            self._is_code[path] = known
        return known


class _Paths:
    """Some paths, and quick answers about what lies in or around them."""

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self.paths: set[str] = set()
        self._folders: set[str] = set()
        for path in paths:
            self.add(path)

    def add(self, path: str) -> None:
        self.paths.add(path)
        self._folders.update(folders_above(path))

    def reach(self, path: str) -> bool:
        """Tell whether a path is one of them, lies in one, or holds one."""
        if path in self.paths or path in self._folders:
            return True
        return any(folder in self.paths for folder in folders_above(path))


def _names_content(entry: object) -> bool:
    """Tell whether an entry of the run cache, which others write too, can be brought back."""
    if not isinstance(entry, dict) or not isinstance(entry.get("path"), str):
        return False
    md5 = entry.get("md5")
    return isinstance(md5, str) and MD5.fullmatch(md5) is not None


class _Promised:
    """The outputs that steps before will bring back from the cache, by path."""

    def __init__(self) -> None:
        self._md5s: dict[str, str] = {}
        self._paths = _Paths()

    def add(self, outputs: Mapping[str, str]) -> None:
        self._md5s.update(outputs)
        for path in outputs:
            self._paths.add(path)

    def of(self, step: Step) -> dict[str, str] | None:
        """Give the md5s promised for a step's deps; None when they do not say enough."""
        found: dict[str, str] = {}
        for dep in step.deps:
            if dep.path in self._md5s and not dep.keys:
                found[dep.path] = self._md5s[dep.path]
            elif self._paths.reach(dep.path):
                return None
        return found
