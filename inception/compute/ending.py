"""How an attempt ended, put into the words of the record and into something Celery can store.

Pure. What a body returns or raises is a stranger's: its `__str__` may raise, it may not be
picklable, it may carry gigabytes.
"""

from __future__ import annotations

import pickle  # nosec B403  # what is loaded was dumped a moment ago
import traceback
from dataclasses import dataclass
from types import TracebackType
from typing import Final, cast

from celery.states import FAILURE, SUCCESS

from inception.authoring.outcome import describe_exception, end_meta, judge
from inception.compute.slots import Held
from inception.runs.jsontext import encode
from inception.runs.meta import CUT_MARK, failure_text
from inception.runs.model import MAX_TRACEBACK_BYTES, Meta, State
from inception.runs.records import ClaimEnd, ResultWord

_OURS: Final = __name__.rpartition(".")[0]


class BodyRaised(Exception):
    """Stands for what a body raised where Celery could not store, pickle or print that itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """An attempt's end; all but `state` and `meta` may be missing."""

    state: State
    meta: Meta
    value_text: str | None = None
    traceback: str | None = None
    error_type: str | None = None

    def of(self, held: Held, word: ResultWord | None = None) -> ClaimEnd:
        """This end as that of the attempt `held`; `word` is what Celery's result says of it."""
        return ClaimEnd(
            run_id=held.run_id,
            path=held.path,
            attempt=held.attempt,
            retries=held.retries,
            state=self.state,
            meta=self.meta,
            value_text=self.value_text,
            traceback=self.traceback,
            error_type=self.error_type,
            word=word,
        )


def returned(value: object, last: Meta | None) -> Ending:
    """The end of a body that returned `value`; `last` is what it said last.

    Raises NotJson or TooLarge for a value that can't be kept, and whatever a value raises that
    refuses to be written (an integer of more than 4,300 digits).
    """
    text, error = encode(value), judge(value)
    return Ending(
        state=State.SUCCESS if error is None else State.FAILURE,
        meta=end_meta(last, value, error),
        value_text=text,
    )


def raised(name: str, exception: BaseException, last: Meta | None) -> Ending:
    """The end of the body of task `name` that raised `exception`."""
    return Ending(
        state=State.FAILURE,
        meta=end_meta(last, None, describe(name, exception)),
        traceback=_traceback(exception),
        error_type=type_name(exception),
    )


def left(
    name: str, signal: BaseException, last: Meta | None, named: tuple[str, object] | None
) -> Ending:
    """The end of the body of task `name` that left by Celery's Ignore or Reject.

    It ends as what it `named` by `update_state` before: SUCCESS and its value, or FAILURE and
    why. Else it has failed, since it has no result.
    """
    state, said = named or (None, None)
    why = f"it raised Celery's {type(signal).__name__}, so it has no result"
    try:
        if state == SUCCESS:
            return returned(said, last)
        if state == FAILURE:
            why = failure_text(said) or why
    except Exception as exception:  # noqa: BLE001 -- what a stranger names may raise anything
        return raised(name, exception, last)
    return raised(name, BodyRaised(why), last)


def stopped(state: State, error: str | None, last: Meta | None) -> Ending:
    """The end of a body that was ordered to stop, as what the order says."""
    return Ending(state=state, meta=end_meta(last, None, error or "The task was revoked."))


def describe(name: str, exception: BaseException) -> str:
    """The error text for `exception`, also where its own text can't be had."""
    try:
        return describe_exception(name, _named(exception))
    except Exception:  # noqa: BLE001 -- a stranger's __str__ may raise anything
        return describe_exception(name, BodyRaised(type_name(exception)))


def for_celery(exception: BaseException) -> Exception:
    """`exception` itself if Celery can store it, pickle it and go on; else one that says it.

    Celery stores nothing for SystemExit and its like, and a MemoryError or an exception that
    fails to unpickle would end the worker's main process.
    """
    is_storable = isinstance(exception, Exception) and not isinstance(exception, MemoryError)
    if is_storable and _is_portable(exception):
        return cast("Exception", exception)
    said = describe("task", exception).partition(": ")[2]
    return BodyRaised(said).with_traceback(exception.__traceback__)


def type_name(exception: BaseException) -> str:
    """The dotted name of an exception's class."""
    kind = type(exception)
    is_builtin = kind.__module__ == "builtins"
    return kind.__qualname__ if is_builtin else f"{kind.__module__}.{kind.__qualname__}"


def _named(exception: BaseException) -> BaseException:
    """Name the class of an exception whose text alone would not tell that it is an error."""
    if isinstance(exception, Exception):
        return exception
    said = str(exception)
    return BodyRaised(f"{type_name(exception)}: {said}" if said else type_name(exception))


def _is_portable(exception: BaseException) -> bool:
    try:
        pickle.loads(pickle.dumps(exception))  # noqa: S301  # nosec B301  # our own bytes
        return isinstance(repr(exception), str) and isinstance(str(exception), str)
    except Exception:  # noqa: BLE001 -- a stranger's __reduce__ or __str__ may raise anything
        return False


def _traceback(exception: BaseException) -> str:
    """The traceback from the body on, its beginning cut off where it is too long."""
    shown = traceback.format_exception(type(exception), exception, _from_body(exception))
    text = "".join(shown).encode("utf-8", "replace")
    if len(text) <= MAX_TRACEBACK_BYTES:
        return text.decode()
    mark = CUT_MARK + "\n"
    kept = text[len(mark.encode()) - MAX_TRACEBACK_BYTES :]
    return mark + kept.decode("utf-8", "ignore")


def _from_body(exception: BaseException) -> TracebackType | None:
    frames = exception.__traceback__
    while frames is not None and frames.tb_frame.f_globals.get("__name__", "").startswith(_OURS):
        frames = frames.tb_next
    return frames or exception.__traceback__
