"""Runs a task's function with what Celery's tasks expect around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from celery._state import _task_stack

from inception.authoring.frame import Frame, current_frame
from inception.authoring.voice import speaking, speaking_if_asked, voice_of


@contextmanager
def requested(
    task: Any, args: Sequence[Any], kwargs: Mapping[str, Any], **request: Any
) -> Iterator[None]:
    """Make `task` Celery's `current_task`, with a request of its own that holds `request`."""
    _task_stack.push(task)
    task.push_request(args=args, kwargs=kwargs, **request)
    try:
        yield
    finally:
        task.pop_request()
        _task_stack.pop()


def run_behind(
    frame: Frame,
    task: Any,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    *,
    task_id: str,
    draws: bool = False,
) -> object:
    """Run the body of the parent `task` behind `frame`, in the calling thread or greenlet.

    `task_id` is what the body sees as `self.request.id`; `draws` lets its `track` draw a bar on
    a terminal. Returns what the body returns, raises what it raises.
    """
    token = current_frame.set(frame)
    try:
        with (
            speaking(voice_of(frame, draws=True)) if draws else speaking_if_asked(),
            requested(task, args, kwargs, id=task_id, called_directly=True),
        ):
            return task.run_body(args, kwargs)
    finally:
        current_frame.reset(token)
