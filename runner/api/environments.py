"""The environments of one run: prepared once, when the first step needs them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from runner import bootstrap
from runner.api.clock import now
from runner.core.events import EnvironmentReady, Event
from runner.ports import Command

if TYPE_CHECKING:
    from runner.api.planning import Prepared
    from runner.core.model import Step

Wrap = Callable[[Command], Command]


class Environments:
    """Prepares and remembers; the lock that was used is kept with the run."""

    def __init__(
        self,
        prepared: Prepared,
        run_folder: str,
        emit: Callable[[Event], None],
        say: Callable[[str], None],
    ) -> None:
        self._prepared = prepared
        self._run_folder = run_folder
        self._emit = emit
        self._say = say
        self._wraps: dict[str, Wrap] = {}

    def wrap(self, step: Step) -> Wrap:
        """Give what puts a command into the step's environment.

        Raises:
            RunnerError: the environment cannot be made.
        """
        known = self._wraps.get(step.environment)
        if known is None:
            known = self._wraps[step.environment] = self._prepare(step.environment)
        return known

    def _prepare(self, name: str) -> Wrap:
        spec, env_id = self._prepared.environments[name]
        adapter = bootstrap.environment(spec)
        ready = adapter.prepare(spec, self._prepared.ports.folder, self._say)
        self._keep_lock(ready.lock_text)
        self._emit(EnvironmentReady(now(), env_id, ready.document))
        return lambda command: adapter.wrap(command, ready)

    def _keep_lock(self, text: str) -> None:
        if not text:
            return
        folder = os.path.join(self._run_folder, "locks")
        os.makedirs(folder, exist_ok=True)
        name = hashlib.sha256(text.encode()).hexdigest()
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
