"""The verbs of a parent: each is a recorded step, and returns only what is recorded."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from random import SystemRandom
from typing import Any, Final, TypedDict, TypeVar, Unpack, cast, overload

from celery import Task
from celery.canvas import Signature

from inception.authoring.errors import NotWatchable, SideEffectFailed
from inception.authoring.frame import (
    Frame,
    StepHandle,
    StepRequest,
    WatchOptions,
    is_number,
    is_whole,
    outside_frame,
    require_frame,
)
from inception.authoring.outcome import Outcome
from inception.authoring.steps import step_of
from inception.runs.jsontext import normalise
from inception.runs.model import JsonValue

Value = TypeVar("Value")

_DICE: Final = SystemRandom()


class _Options(TypedDict, total=False):
    """What `watch` takes by name, said once for its two signatures; their defaults are its own."""

    pending_timeout: float | None
    stall_timeout: float | None
    timeout: float | None
    retries: int
    label: str | None
    stop_on_error: bool


@overload
def watch(child: Any, /, **options: Unpack[_Options]) -> Outcome: ...


@overload
def watch(first: Any, second: Any, /, *more: Any, **options: Unpack[_Options]) -> list[Outcome]: ...


def watch(
    *children: Any,
    pending_timeout: float | None = None,
    stall_timeout: float | None = None,
    timeout: float | None = None,
    retries: int = 0,
    label: str | None = None,
    stop_on_error: bool = False,
) -> Outcome | list[Outcome]:
    """Wait for children: signatures (`count.s(3)`), which start now, or handles of started ones.

    Returns the Outcome of one; of several a list in the order given, once all have ended.
    Times are in seconds (s): `pending_timeout` until it starts, `stall_timeout` between two of
    its words, `timeout` in all; a child that one of them ends has failed. `retries` further
    attempts follow a failure. `stop_on_error` revokes the rest at the first that is not ok.

    Raises OutsideParent, NotWatchable, NotDurable (see there), ParentChanged if the parent was
    run again and asks for another child than it recorded, RunRevoked.
    """
    frame = require_frame("watch()")
    options = WatchOptions(
        pending_timeout=pending_timeout,
        stall_timeout=stall_timeout,
        timeout=timeout,
        retries=retries,
        label=label,
    )
    if not children:
        raise NotWatchable("watch() got nothing to watch. Write `watch(count.s(3))`.")
    steps = [step_of(child, label, retries) for child in children]
    outcomes = _watch(frame, steps, options, stop_on_error)
    return outcomes[0] if len(children) == 1 else outcomes


def watch_all(
    children: Iterable[Any],
    limit: int | None = None,
    *,
    stop_on_error: bool = False,
    pending_timeout: float | None = None,
    stall_timeout: float | None = None,
    timeout: float | None = None,
    retries: int = 0,
    label: str | None = None,
) -> list[Outcome]:
    """Watch the children that an iterable yields, at most `limit` in flight (None: all).

    It is read only as far as children may start; of a list it is known from the first on how many
    they are, and so how far the parent is. Outcomes come in its order, whatever ends
    first; after `stop_on_error` struck, those not started by then are left out. Options, and
    what it raises, as for `watch`.
    """
    frame = require_frame("watch_all()")
    _refuse_singles(children, limit)
    if limit is not None and not is_whole(limit, 1):
        raise ValueError(f"limit is {limit!r}; it takes a whole number from 1, or None.")
    options = WatchOptions(
        pending_timeout=pending_timeout,
        stall_timeout=stall_timeout,
        timeout=timeout,
        retries=retries,
        label=label,
    )
    steps = (step_of(child, label, retries) for child in children)
    ahead = _count_new(children)
    return frame.watch_all(steps, limit, options, stop_on_error=stop_on_error, ahead=ahead)


def now() -> datetime:
    """The time, in UTC and aware of it; the recorded one when the parent is run again."""
    recorded = require_frame("now()").record("now", lambda: datetime.now(UTC).isoformat())
    return datetime.fromisoformat(str(recorded))


def random() -> float:
    """A random number from 0.0 to below 1.0; the recorded one when the parent is run again."""
    recorded = require_frame("random()").record("random", _DICE.random)
    return float(cast("float", recorded))


def side_effect(fn: Callable[[], Value]) -> Value:
    """Call `fn` once and record what it returns, or that it raised.

    When the parent is run again the recorded value comes back, or the exception is raised again
    as the class it was, where that can be rebuilt from its arguments; else SideEffectFailed.
    What `fn` returns goes through JSON (NotJson otherwise). Verbs don't work inside `fn`;
    `task.delay()` there sends a message that this parent does not know of.
    """
    if not callable(fn):
        raise TypeError(
            f"side_effect() got {fn!r:.80}, which is no function. It calls what it is given, once: "
            "write `side_effect(lambda: uuid4().hex)`."
        )
    effect = _SideEffect(fn)
    recorded = require_frame("side_effect()").record("side_effect", effect)
    told = cast("dict[str, Any]", recorded)
    if "raised" in told:
        raise _rebuild(told["raised"]) from effect.error
    return cast("Value", told["value"])


def sleep(seconds: float) -> None:
    """Wait `seconds` (s) from the moment recorded here; a take-over waits the rest."""
    frame = require_frame("sleep()")
    if not (is_number(seconds) and math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"sleep() got {seconds!r}; it takes seconds from 0.")
    frame.sleep(seconds)


def _count_new(children: Iterable[Any]) -> int:
    """How many children of a list are still to be started; 0 for what has to be read to know."""
    if not isinstance(children, list | tuple):
        return 0
    return sum(not isinstance(child, StepHandle) for child in children)


def _refuse_singles(*given: object) -> None:
    """Refuse children that are handed to `watch_all` as they are to `watch`: not in an iterable."""
    if any(isinstance(one, Signature | StepHandle | Task) for one in given):
        raise NotWatchable(
            "watch_all() takes children in one iterable: `watch_all([a.s(1), b.s(2)], limit=10)`. "
            "Given one by one, `watch(a.s(1), b.s(2))` takes them."
        )


def _watch(
    frame: Frame,
    steps: list[StepRequest | StepHandle],
    options: WatchOptions,
    stop_on_error: bool,
) -> list[Outcome]:
    """Start what is not started, in one go, and wait for all."""
    if stop_on_error:
        return frame.watch_all(steps, None, options, stop_on_error=True)
    fresh = [step for step in steps if isinstance(step, StepRequest)]
    started = iter(frame.start(fresh) if fresh else ())
    handles = [step if isinstance(step, StepHandle) else next(started) for step in steps]
    return frame.wait(handles, options)


class _SideEffect:
    """Calls the function at most once, and tells in JSON how that went."""

    def __init__(self, fn: Callable[[], object]) -> None:
        self._fn = fn
        self.error: Exception | None = None

    def __call__(self) -> JsonValue:
        try:
            with outside_frame():
                return {"value": normalise(self._fn(), "value of side_effect")}
        except Exception as error:  # noqa: BLE001 - recorded, and raised again by the verb
            self.error = error
            return {"raised": _describe(error)}


def _describe(error: Exception) -> dict[str, JsonValue]:
    """What is recorded of an exception; `args` only where JSON carries them."""
    kind = type(error)
    described: dict[str, JsonValue] = {
        "module": kind.__module__,
        "name": kind.__qualname__,
        "message": str(error),
    }
    try:
        described["args"] = normalise(list(error.args), "args")
    except Exception:  # noqa: BLE001 - arguments of a stranger's exception may do anything
        described["args"] = None
    return described


def _rebuild(described: dict[str, JsonValue]) -> Exception:
    """The recorded exception as the class it was, if that class says the same again."""
    module, name = str(described["module"]), str(described["name"])
    message, args = str(described["message"]), described["args"]
    kind = getattr(sys.modules.get(module), name, None)
    if isinstance(kind, type) and issubclass(kind, Exception) and isinstance(args, list):
        try:
            error = kind(*args)
        except Exception:  # noqa: BLE001 - a class may ask for more than it keeps in args
            error = None
        if error is not None and str(error) == message:
            return error
    return SideEffectFailed(f"{name}: {message}", f"{module}.{name}")
