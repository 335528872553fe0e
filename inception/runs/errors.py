"""Every error the engine raises on purpose, each with the code that clients see.

The HTTP status that belongs to a code is decided in one place, the web's error page;
nothing here knows of HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from typing_extensions import TypedDict


class FieldProblem(TypedDict):
    """One argument that a parent's schema refuses: its JSON pointer and why."""

    path: str
    message: str


class InceptionError(Exception):
    """The root of all errors of this package; `code` is the protocol's word for it."""

    code: ClassVar[str] = "error"

    @property
    def message(self) -> str:
        """What is wrong and what to do, in one sentence or two."""
        return str(self)


class SettingsError(InceptionError):
    """A setting in the environment that can't be used; names it and what it takes."""

    code = "settings"


class BadRequest(InceptionError):
    """A request whose form is wrong, whatever the state of the run."""

    code = "bad_request"


class TooLarge(InceptionError):
    """Arguments, a value or a body above the bound written in the protocol."""

    code = "too_large"


class NotJson(InceptionError, ValueError):
    """A value that JSON can't carry; says where in the value the trouble is."""

    code = "bad_request"


class InvalidArguments(InceptionError):
    """Arguments that the parent's schema refuses, field by field."""

    code = "invalid_arguments"

    def __init__(self, message: str, fields: Sequence[FieldProblem] = ()) -> None:
        super().__init__(message)
        self.fields = list(fields)


class SecretsRefused(InvalidArguments):
    """Secret arguments that there is no key to keep with, or whose mask was given.

    `pointers` name the fields, each refused for the reason `why`.
    """

    def __init__(
        self,
        message: str,
        pointers: Sequence[str] = (),
        *,
        why: str = "is secret, and there is no key to keep it with",
    ) -> None:
        super().__init__(message, [{"path": pointer, "message": why} for pointer in pointers])


class SecretsUnreadable(InceptionError):
    """Secret arguments were sealed with a key that this process doesn't have (any more)."""

    code = "secrets_unreadable"


class RunNotFound(InceptionError):
    """There is no run of this id: never started here, deleted or expired."""

    code = "run_not_found"


class ParentNotFound(InceptionError):
    """No worker has announced a parent of this name."""

    code = "parent_not_found"


class NodeNotFound(InceptionError):
    """The run has no node at this path."""

    code = "node_not_found"


class RunAlreadyEnded(InceptionError):
    """The run has its final state and can't be revoked any more."""

    code = "run_already_ended"


class NodeAlreadyEnded(InceptionError):
    """The node has its final state and can't be revoked any more."""

    code = "node_already_ended"


class RunNotEnded(InceptionError):
    """The run still goes on; this is possible only once it has ended."""

    code = "run_not_ended"


class RunSucceeded(InceptionError):
    """The run succeeded: there is nothing to retry."""

    code = "run_succeeded"


class AlreadyRunning(InceptionError):
    """The parent declares how many of its runs go on at once, and to refuse more."""

    code = "already_running"


class IdempotencyKeyReused(InceptionError):
    """The idempotency key was used with other arguments within the last 24 h."""

    code = "idempotency_key_reused"


class EventsGone(InceptionError):
    """The events asked for aren't kept (any more): take a snapshot."""

    code = "events_gone"


class BulkNotFound(InceptionError):
    """There is no bulk action of this id, or it was asked for more than 7 days ago."""

    code = "not_found"


class TooManyBulks(InceptionError):
    """As many bulk actions are under way as may be."""

    code = "too_many_requests"


class StoreUnavailable(InceptionError):
    """Redis can't be reached or refuses to write; ask again in a moment."""

    code = "store_unavailable"


class StaleToken(InceptionError):
    """The run belongs to another owner now: drop it and touch nothing."""

    code = "stale_token"


class HistoryLost(StaleToken):
    """Redis was started again without what it had acknowledged: the run must be taken anew."""


class SpawnRefused(InceptionError):
    """A step that must not start: a revoke is asked for on its path or above."""

    code = "revoked"


class StepGoesOn(InceptionError):
    """A recorded step that a worker has in hand can't be set aside for another one."""

    code = "step_goes_on"


class AttemptEnded(InceptionError):
    """An attempt that was taken for lost has recorded its end in the meantime."""

    code = "attempt_ended"


class TooManyNodes(InceptionError):
    """The run has as many nodes as a run may have."""

    code = "too_many_nodes"
