"""What an author of tasks may meet, each saying what is wrong and what to write instead."""

from __future__ import annotations

from inception.runs.errors import InceptionError


class RunRevoked(BaseException):
    """Somebody asked this run to stop.

    A `BaseException`, so that `except Exception` in a parent doesn't swallow it. Every durable
    verb of the parent raises it again, also in `finally` blocks: clean up and leave.
    """

    def __init__(self, message: str = "This run was asked to stop.") -> None:
        super().__init__(message)


class ParentChanged(InceptionError):
    """A parent that is run again over its journal asked for another step than it recorded.

    Parents must be deterministic between their children: the message names the recorded step
    and the one asked for.
    """

    code = "parent_changed"


class SideEffectFailed(InceptionError):
    """`side_effect(fn)` raised something whose class can't be rebuilt from the record.

    `error_type` is the dotted name of the class that was raised.
    """

    code = "side_effect_failed"

    def __init__(self, message: str, error_type: str = "") -> None:
        super().__init__(message)
        self.error_type = error_type


class OutsideParent(InceptionError, RuntimeError):
    """A verb was used where no parent runs, or from another thread than the parent's own."""

    code = "outside_parent"


class NotDurable(InceptionError, RuntimeError):
    """Something inside a parent that a replay of the parent could not repeat."""

    code = "not_durable"


class NotWatchable(InceptionError, TypeError):
    """Something that was handed to `watch` and isn't a signature or handle it can follow."""

    code = "not_watchable"


class ResultIgnored(NotWatchable):
    """A child with `ignore_result`: it would never tell that it ended."""

    code = "result_ignored"


class DuplicateName(InceptionError, ValueError):
    """Two different functions ask for the same task name."""

    code = "duplicate_name"
