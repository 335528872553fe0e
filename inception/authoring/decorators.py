"""`@child` and `@parent`: Celery tasks with our base class, under the name they are found by."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Generic, ParamSpec, Protocol, TypeVar, cast, overload

from celery import shared_task

from inception.authoring.errors import DuplicateName, ResultIgnored
from inception.authoring.task import Task, TaskKind
from inception.runs.limits import Limits, WhenFull

Arguments = ParamSpec("Arguments")
Returned_co = TypeVar("Returned_co", covariant=True)

CHILDREN_QUEUE = "children"
PARENTS_QUEUE = "parents"


class Decorated(Protocol, Generic[Arguments, Returned_co]):
    """What the decorators return: a Celery task, of which these are used most."""

    name: str

    def __call__(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Returned_co:
        """Run it right there: test mode."""

    def s(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Any:
        """A signature of it, for `watch`."""

    def delay(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Any:
        """Start it: a step inside a parent, a message or a run elsewhere."""

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        """Start it with Celery's options."""

    def signature(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        """A signature of it with Celery's options."""


@overload
def child(function: Callable[Arguments, Returned_co], /) -> Decorated[Arguments, Returned_co]: ...


@overload
def child(
    *, rerun_if_lost: bool = True, **options: Any
) -> Callable[[Callable[..., Returned_co]], Decorated[..., Returned_co]]: ...


def child(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Make a function a child: a task that a parent starts, and that reports where it is.

    Bare, or with options: `rerun_if_lost=False` for one that must not run twice when its worker
    dies, and Celery's own (`name`, `bind`, `throws`, `autoretry_for`, `time_limit` in seconds,
    `queue`, …). Raises DuplicateName, ResultIgnored.
    """
    return _decorate(function, "child", {"queue": CHILDREN_QUEUE, **options})


@overload
def parent(function: Callable[Arguments, Returned_co], /) -> Decorated[Arguments, Returned_co]: ...


@overload
def parent(
    *,
    steps: Sequence[str] | None = None,
    max_running: int | None = None,
    unique: Sequence[str] = (),
    when_full: str = "wait",
    **options: Any,
) -> Callable[[Callable[..., Returned_co]], Decorated[..., Returned_co]]: ...


def parent(
    function: Callable[..., Any] | None = None,
    /,
    *,
    steps: Sequence[str] | None = None,
    max_running: int | None = None,
    unique: Sequence[str] = (),
    when_full: str = "wait",
    **options: Any,
) -> Any:
    """Make a function a parent: one that starts children, watches them, decides what is next.

    Bare, or with options: `steps` names its steps for those who look on, and Celery's own.
    At most `max_running` of its runs go on at once, and one for each set of values of the
    arguments named in `unique`; more `"wait"` in the order of their creation or are `"refuse"`d
    (AlreadyRunning), as `when_full` says. Nested in another run, a parent isn't counted.
    Its arguments have names (no `*args`), since a run records them by name. Raises
    DuplicateName, ResultIgnored, and TypeError for a signature that can't be called by name.
    """
    if isinstance(steps, str):
        raise TypeError(f"steps is the text {steps!r}; it takes a list of names: [{steps!r}].")
    named = None if steps is None else tuple(str(step) for step in steps)
    own = {"steps": named, "limited": (max_running, tuple(unique), when_full)}
    return _decorate(function, "parent", {"queue": PARENTS_QUEUE, **options, **own})


def _decorate(function: Callable[..., Any] | None, kind: TaskKind, options: dict[str, Any]) -> Any:
    if function is None:
        return lambda body: _register(body, kind, options)
    return _register(function, kind, options)


def _register(function: Callable[..., Any], kind: TaskKind, options: dict[str, Any]) -> Any:
    name = options.get("name") or f"{function.__module__}.{function.__name__}"
    if options.get("ignore_result"):
        raise ResultIgnored(
            f"{name} can't have ignore_result=True: a parent learns how its children end from "
            "their results. Leave it out, or use Celery's own `shared_task` for it."
        )
    _refuse_async(function, name)
    if kind == "parent":
        _check_signature(function, name)
        options = {**options, "limits": _limits(function, name, *options.pop("limited"))}
    _take_name(name, function)
    base = _base(options.get("base"))
    return shared_task(**{**options, "name": name, "base": base, "inception_kind": kind})(function)


def _base(given: type[Any] | None) -> type[Any]:
    """Our base class, or the author's own joined with it."""
    if given is None:
        return Task
    if issubclass(given, Task):
        return given
    return cast("type[Any]", type(given.__name__, (Task, given), {"abstract": True}))


def _refuse_async(function: Callable[..., Any], name: str) -> None:
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(
            f"{name} is an `async def`, which nothing here would await. Write `def`, and "
            "`asyncio.run(...)` inside where it needs to await something."
        )


def _check_signature(function: Callable[..., Any], name: str) -> None:
    unnamed = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.POSITIONAL_ONLY)
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in unnamed:
            raise TypeError(
                f"{name} takes {parameter.name!r} by position only; a run records a parent's "
                "arguments by name. Give it a name of its own."
            )


def _limits(
    function: Callable[..., Any],
    name: str,
    max_running: int | None,
    unique: Sequence[str],
    when_full: str,
) -> Limits:
    """Read what limits a parent declares; raises ValueError for what can't be meant."""
    parameters = inspect.signature(function).parameters
    if unknown := [argument for argument in unique if argument not in parameters]:
        raise ValueError(f"{name} has no argument {unknown[0]!r} to be unique.")
    defaults = {argument: parameters[argument].default for argument in unique}
    return Limits(
        max_running=max_running,
        unique={
            argument: None if default is inspect.Parameter.empty else default
            for argument, default in defaults.items()
        },
        when_full=WhenFull(when_full),
    )


_taken: dict[str, Callable[..., Any]] = {}
"""Which function has which name, in this process. Bounded by the source code."""


def _take_name(name: str, function: Callable[..., Any]) -> None:
    """Raise DuplicateName if another function has `name`; Celery would silently keep the first.

    The same source line again is a module that was imported a second time, which is harmless
    unless it is a function made inside another: those are different ones of one line.
    """
    other = _taken.setdefault(name, function)
    if other is function:
        return
    if _place(other) != _place(function) or "<locals>" in function.__qualname__:
        raise DuplicateName(
            f"Two tasks are named {name!r}: one at {_place(other)}, one at {_place(function)}. "
            "Rename one, or give it a name of its own: `@child(name=...)`."
        )


def _place(function: Callable[..., Any]) -> str:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(function)
