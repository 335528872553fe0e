"""Who runs the body of a task that a worker hands over: plugged in per process.

A watcher process sets an executor that takes parents out of Celery's pool, a compute worker
one that claims the attempt, runs the body and records its end. Where none is set (a foreign
worker, a test) the body simply runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Executor(Protocol):
    """Runs, or takes away, a task that was delivered by a message.

    One that runs parents in this very process has an attribute `hosts_parents` that is true.
    """

    def execute(self, task: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> object:
        """Return what Celery shall store as the result of `task` (its `request` is set).

        Runs the body with `task.run(*args, **kwargs)`. Raises what the body raises, or
        Celery's `Ignore` if this delivery must not run.
        """


class _Slot:
    """Holds this process's executor."""

    executor: Executor | None = None


def set_executor(executor: Executor | None) -> None:
    """Make `executor` run the tasks of this process; None: bodies just run."""
    _Slot.executor = executor


def get_executor() -> Executor | None:
    """The executor of this process, if one is set."""
    return _Slot.executor


def hosts_parents() -> bool:
    """True in a process whose executor runs parents, as threads or greenlets of it."""
    return bool(getattr(_Slot.executor, "hosts_parents", False))
