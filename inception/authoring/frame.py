"""The frame of a running parent: what its verbs call, whoever runs it.

A watcher process runs parents behind frames that number, record and send; test mode runs them
behind a frame that runs children right there. The frame of the parent that runs in this
context is `current_frame`; a new thread or greenlet starts without one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any, Final, NoReturn, Protocol

from inception.authoring.errors import NotDurable, OutsideParent
from inception.authoring.outcome import Outcome
from inception.authoring.secret_arguments import Arguments, reveal_arguments
from inception.runs.concealment import Hidden
from inception.runs.model import JsonValue, Meta, NodeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRequest:
    """A child that a parent asks for, before it has a number.

    `task` is the registered Celery task, `args` and `kwargs` are what comes back from JSON, with a
    mask for each secret, which is in `hidden`; `digest` is their digest, `options` are Celery's
    own for sending (`queue`, `priority`, `countdown`, `eta`, `expires`, `time_limit`, …; times in
    seconds as Celery has them).
    """

    task: Any
    args: tuple[JsonValue, ...]
    kwargs: Mapping[str, JsonValue]
    options: Mapping[str, Any]
    label: str
    digest: str
    kind: NodeKind
    retries: int = 0
    """How many further attempts follow a failure, where its watch is known when it starts."""
    hidden: Hidden = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """The task's registered name."""
        name: str = self.task.name
        return name

    def arguments(self) -> Arguments:
        """What the body is called with, secrets included."""
        return reveal_arguments(self.args, self.kwargs, self.hidden)


def is_number(value: object) -> bool:
    """Whether an author gave a number, whatever was annotated; numpy's are numbers too."""
    return isinstance(value, Real)


def is_whole(value: object, least: int) -> bool:
    """Whether an author gave a whole number, `least` or more."""
    return isinstance(value, Integral) and int(value) >= least


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchOptions:
    """How long to wait for a child, and what to do then. Times in seconds (s), None: for ever.

    `pending_timeout` bounds the wait for its start, `stall_timeout` the silence between two
    of its words, `timeout` the whole. `retries` further attempts follow a failure, with
    exponential back-off.
    """

    pending_timeout: float | None = None
    stall_timeout: float | None = None
    timeout: float | None = None
    retries: int = 0
    label: str | None = None

    def __post_init__(self) -> None:
        for name in ("pending_timeout", "stall_timeout", "timeout"):
            seconds = getattr(self, name)
            if seconds is not None and not (is_number(seconds) and seconds > 0):
                raise ValueError(f"{name} is {seconds!r}; it takes seconds above 0, or None.")
        if not is_whole(self.retries, 0):
            raise ValueError(f"retries is {self.retries!r}; it takes a whole number from 0.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StepHandle:
    """A child that was started: what `.delay()` returns inside a parent.

    `id` is its Celery task id, `path` its address in the run. `watch(handle)` waits for it,
    `handle.get()` is `watch(handle).value`. Whatever reads the clock (`ready()`, `state`, …)
    raises NotDurable, since it would answer differently when the parent is run again.
    """

    id: str
    path: str
    frame: Frame = field(repr=False)

    @property
    def task_id(self) -> str:
        """Celery's other name of `id`."""
        return self.id

    def get(self, timeout: float | None = None, **_celery: object) -> JsonValue:
        """Wait for the child and return its value; raises ChildFailed if it has none.

        `timeout` is in seconds (s). Celery's other options of `get` have no meaning here.
        """
        options = WatchOptions(timeout=timeout)
        outcome = require_frame("get()").wait([self], options)[0]
        value: JsonValue = outcome.value
        return value

    def __getattr__(self, name: str) -> Any:
        """Say what to write instead of a read that a replay could not repeat."""
        if name in CLOCK_LIKE:
            raise NotDurable(
                f"{name!r} of a step handle tells the moment, and a parent that is run again "
                "would hear something else. Write `outcome = watch(handle)` and read "
                "`outcome.ok`, `outcome.value` or `outcome.error`."
            )
        raise AttributeError(f"A step handle has no {name!r}; it has id, path and get().")


CLOCK_LIKE: Final = frozenset(
    {
        "ready", "state", "status", "successful", "failed", "result", "info", "traceback",
        "date_done", "children", "collect", "iterdeps", "wait", "then", "forget", "revoke",
        "maybe_throw", "maybe_reraise", "throw", "get_leaf", "retries", "worker", "queue",
        "graph", "parent", "revoke_by_stamped_headers",
    }
)  # fmt: skip
"""What Celery's results offer and a step handle refuses."""


class Frame(Protocol):
    """What a running parent's verbs call. Every method returns only what is recorded.

    All but `report` raise RunRevoked once the run is asked to stop.
    """

    @property
    def run_id(self) -> str:
        """The run's id."""

    @property
    def path(self) -> str:
        """The parent's own address in its run."""

    def start(self, steps: Sequence[StepRequest]) -> list[StepHandle]:
        """Number, record and send `steps` in the order given."""

    def wait(self, handles: Sequence[StepHandle], options: WatchOptions) -> list[Outcome]:
        """Return the outcomes of `handles`, in their order, once all have ended."""

    def watch_all(
        self,
        steps: Iterable[StepRequest | StepHandle],
        limit: int | None,
        options: WatchOptions,
        *,
        stop_on_error: bool,
        ahead: int = 0,
    ) -> list[Outcome]:
        """As `wait`, starting at most `limit` at once; numbered by the order of `steps`.

        `stop_on_error` revokes the rest at the first one that is not ok. `ahead` says how many of
        them are still to be started, where that is known before they are read.
        """

    def record(self, kind: str, produce: Callable[[], JsonValue]) -> JsonValue:
        """Return what was recorded at this place, or else record what `produce` returns."""

    def sleep(self, seconds: float) -> None:
        """Return `seconds` (s) after the moment that was recorded at this place."""

    def report(self, meta: Meta) -> None:
        """Take `meta` as what the parent says of itself. Never blocks on Redis."""

    def owns_thread(self) -> bool:
        """True in the thread or greenlet that runs the parent's own function."""


current_frame: ContextVar[Frame | None] = ContextVar("inception_frame", default=None)
"""The frame of the parent that runs in this context."""
_hidden: ContextVar[bool] = ContextVar("inception_frame_hidden", default=False)


@contextmanager
def outside_frame() -> Iterator[None]:
    """Hide the frame for a while: verbs raise, and Celery's own verbs send as anywhere.

    For whoever sends a step's message in the parent's own greenlet, and around functions that
    a replay doesn't call again.
    """
    token, hidden = current_frame.set(None), _hidden.set(True)
    try:
        yield
    finally:
        current_frame.reset(token)
        _hidden.reset(hidden)


def frame_is_hidden() -> bool:
    """True within `outside_frame`."""
    return _hidden.get()


def require_frame(verb: str) -> Frame:
    """Return the running parent's frame, or raise OutsideParent saying what to do."""
    frame = current_frame.get()
    if frame is None:
        raise OutsideParent(_outside(verb))
    if not frame.owns_thread():
        refuse_thread(verb)
    return frame


def refuse_thread(verb: str) -> NoReturn:
    """Raise OutsideParent, saying why `verb` has to be called in the parent's own body."""
    raise OutsideParent(_elsewhere(verb))


def _outside(verb: str) -> str:
    return (
        f"Working outside of a parent: `{verb}` records a step of a running parent, and none "
        "runs here.\n\nTo solve this, call it in the body of a function decorated with "
        "`@parent`, and not in a child, a view or a thread of your own. To start a parent from "
        "anywhere, write `my_parent.delay(...)`; to try one without a worker, call it."
    )


def _elsewhere(verb: str) -> str:
    return (
        f"`{verb}` was called from another thread or greenlet than the parent's own, where its "
        "steps would have no order to be replayed in.\n\nTo solve this, call it in the parent's "
        "own body; to have several children at once, write `watch(a, b)` or "
        "`watch_all(children, limit=10)`."
    )
