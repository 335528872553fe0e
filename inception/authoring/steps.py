"""Turns what an author hands over (signatures, handles, calls) into steps. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

import celery
from celery.canvas import Signature
from celery.exceptions import NotRegistered
from celery.result import ResultBase

from inception.authoring.errors import NotDurable, NotWatchable, ResultIgnored
from inception.authoring.frame import StepHandle, StepRequest
from inception.authoring.secret_arguments import conceal_arguments
from inception.runs.concealment import Hidden
from inception.runs.jsontext import digest, normalise, normalise_arguments
from inception.runs.meta import cut_label
from inception.runs.model import JsonValue

_CANVAS: Final = {
    "link": "link=",
    "link_error": "link_error=",
    "chain": "a chain",
    "chord": "a chord",
    "group_id": "a group",
}
_DROPPED: Final = frozenset(
    {
        "add_to_parent", "connection", "group_index", "ignore_result", "label", "link",
        "link_error", "chain", "chord", "group_id", "parent_id", "producer", "publisher",
        "reply_to", "root_id", "shadow", "tags",
    }
)  # fmt: skip
"""Options that say nothing about how a single step is sent."""


def step_of(child: object, label: str | None = None, retries: int = 0) -> StepRequest | StepHandle:
    """Read one thing that was handed to `watch`, with the watch's own `label` and `retries`.

    Raises NotWatchable or NotDurable, saying what to write instead.
    """
    if isinstance(child, StepHandle):
        return child
    if isinstance(child, Signature):
        return _step_of_signature(child, label, retries)
    raise NotWatchable(_explain(child))


def step_of_call(
    task: Any,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    options: Mapping[str, Any],
    label: str | None = None,
    retries: int = 0,
) -> StepRequest:
    """Read a call of `task` with Celery's sending `options`; arguments go through JSON.

    Raises TypeError for arguments that don't fit, NotJson or TooLarge for those that JSON
    can't carry, NotDurable for links and canvas, ResultIgnored for a child that never tells.
    """
    given = {name: value for name, value in options.items() if value is not None}
    _refuse_canvas(task.name, given)
    _refuse_ignored(task, given)
    _check_arguments(task, args, kwargs)
    concealed = conceal_arguments(task, args, kwargs)
    plain_args, plain_kwargs = _through_json(task.name, concealed.shown)
    return StepRequest(
        task=task,
        args=tuple(plain_args),
        kwargs=plain_kwargs,
        options=_sending_options(task, given),
        label=_label(task.name, label or given.get("label")),
        digest=digest(plain_args, plain_kwargs),
        kind="parent" if getattr(task, "inception_kind", "plain") == "parent" else "child",
        retries=retries,
        hidden=cast("Hidden", normalise(concealed.hidden, f"secrets of {task.name}")),
    )


def _step_of_signature(signature: Any, label: str | None, retries: int) -> StepRequest:
    if signature.get("subtask_type"):
        raise NotDurable(_canvas(f"a {signature['subtask_type']}"))
    task, args = _task_of(signature), tuple(signature.args)
    return step_of_call(task, args, signature.kwargs, signature.options, label, retries)


def _task_of(signature: Any) -> Any:
    try:
        return signature.type
    except NotRegistered:
        raise NotWatchable(
            f"No task is registered as {signature.task!r} in this process. Import the module "
            "that defines it, or name that module in INCEPTION_TASKS."
        ) from None


def _refuse_canvas(name: str, options: Mapping[str, Any]) -> None:
    for option, word in _CANVAS.items():
        if options.get(option):
            raise NotDurable(_canvas(f"{word} with {name}"))
    if options.get("task_id"):
        raise NotDurable(
            f"{name} was given a task id, but a step's id follows from its run and place, so "
            "that the same child is recognised after a crash. Leave `task_id` out."
        )
    if name.startswith("celery."):
        raise NotDurable(_canvas(name))


def _canvas(what: str) -> str:
    return (
        f"Inside a parent, {what} would run behind its back: no step of it could be recorded. "
        "A parent is its own canvas. Write `watch(a.s(1), b.s(2))` or `watch_all(signatures, "
        "limit=10)` for a group, and one `watch` after the other for a chain, a chord or a link."
    )


def _refuse_ignored(task: Any, options: Mapping[str, Any]) -> None:
    ignored = options.get("ignore_result", getattr(task, "ignore_result", None))
    if ignored:
        raise ResultIgnored(
            f"{task.name} ignores its result, so it would never tell that it ended. Take "
            "`ignore_result=True` from the task (or `task_ignore_result` from the settings), "
            "or start it within `side_effect` if the parent need not know."
        )


def _check_arguments(task: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Let Celery's own check raise TypeError, unless the task has it switched off."""
    header = getattr(task, "__header__", None)
    if task.typing is False or header is None:
        return
    try:
        header(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{task.name}: {error}") from None


def _through_json(
    name: str, call: Mapping[str, Any]
) -> tuple[list[JsonValue], dict[str, JsonValue]]:
    both = cast("dict[str, Any]", normalise_arguments(name, call))
    return both["args"], both["kwargs"]


def _sending_options(task: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of the task itself (its queue, its limits), under those of this call."""
    own = {name: value for name, value in task._get_exec_options().items() if value is not None}  # noqa: SLF001 - what Celery's apply_async starts from; it has no public name
    return {name: value for name, value in {**own, **given}.items() if name not in _DROPPED}


def _label(name: str, given: object) -> str:
    label = "" if given is None else str(given)
    return cut_label(label or name.rpartition(".")[2])


def _explain(child: object) -> str:
    if isinstance(child, celery.Task):
        short = child.name.rpartition(".")[2]
        return f"watch() got the task itself. Write `watch({short}.s(...))` with its arguments."
    if isinstance(child, ResultBase):
        return (
            "watch() got a result that was not started by this parent. Write "
            "`watch(task.s(...))`, or install Inception in the app the task belongs to."
        )
    if isinstance(child, list | tuple | set) or hasattr(child, "__next__"):
        return "watch() got several children in one. Write `watch_all(children, limit=10)`."
    return (
        f"watch() got {child!r:.80}, which is no child. A task that is called, `count(3)`, runs "
        "right there; write `watch(count.s(3))`, or `watch(count.delay(3))`."
    )
