"""The watcher's part in a worker's life, its hand-over above all."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final

from celery import Celery

from inception.authoring.execution import set_executor
from inception.authoring.task import Task
from inception.installing.roles import Workplace
from inception.runs.connection import connect
from inception.runs.settings import Settings
from inception.runs.store import Store
from inception.watching import Watcher
from inception.watching.doorbell import strategy_for

LEAVE_WITHIN: Final = 1.0
"""Seconds (s) that Celery's own shutdown has once a watcher has handed its runs over."""


class WatcherPart:
    """The watcher's part in a worker's life."""

    def __init__(
        self,
        app: Celery,
        settings: Settings,
        place: Workplace,
        url: str,
        process: str,
        consumed: Callable[[], Sequence[str]],
        announce: Callable[[], None],
    ) -> None:
        # Celery would make a backend for each greenlet that a message is handled in, which takes
        # as long as several steps; in a watcher nothing but `Results` ever uses one.
        app.conf.result_backend_thread_safe = True
        # For each line that is logged eventlet would look through all threads for the name of the
        # one that logs; no line of ours shows it.
        logging.logThreads = False
        self._app = app
        self._watcher = Watcher(
            app=app,
            store=Store(connect(url, purpose="watcher")),
            url=url,
            settings=settings,
            process=process,
            name=place.name,
            consumed=consumed,
            on_emptied=announce,
        )
        self._asked_to_leave = threading.Event()

    def prepare(self) -> None:
        """Make the watcher the one who takes parents."""
        set_executor(ParentsOnly(self._watcher))
        strategy = strategy_for(self._watcher.ring)
        for task in self._app.tasks.values():
            if kind_of(task) == "parent":
                task.Strategy = strategy

    def enter_pool_process(self) -> None:
        """A watcher's pool has no processes."""

    def start(self) -> None:
        """Begin to take runs, once Redis is there; told to leave before that, the worker does."""
        hand_over = threading.Thread(
            target=self._hand_over, name="inception-hand-over", daemon=True
        )
        hand_over.start()
        self._watcher.start()

    def say_stopping(self) -> None:
        """Have the runs handed over by the thread that waits for this.

        Under eventlet this is called in the hub, which can't wait, not even for a thread to start.
        """
        self._asked_to_leave.set()

    def stop(self) -> None:
        """Nothing is left to do: the hand-over was it, or nothing was ever taken."""

    def _hand_over(self) -> None:
        """Give the runs back, then leave at once: Celery's warm shutdown would wait for bodies."""
        self._asked_to_leave.wait()
        try:
            self._watcher.stop()
        finally:
            threading.Timer(LEAVE_WITHIN, os._exit, (os.EX_OK,)).start()


class ParentsOnly:
    """Hands parents to the watcher and runs anything else that was sent to its queue."""

    hosts_parents: ClassVar[bool] = True

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def execute(self, task: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> object:
        """Take a parent's run, or run the body of what is none."""
        if kind_of(task) == "parent":
            return self._watcher.execute(task, args, kwargs)
        if isinstance(task, Task):
            return task.run_delivered(args, kwargs)
        return task.run(*args, **kwargs)


def kind_of(task: Any) -> str:
    """What a task is: `parent`, `child` or `plain`, also for one whose base isn't ours."""
    kind: str = getattr(task, "inception_kind", "plain")
    return kind
