"""How a child ended: the outcome a parent gets, and the rules that judge it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from inception.runs.errors import InceptionError
from inception.runs.meta import cut, empty_meta, read_meta
from inception.runs.model import (
    MAX_ERROR_BYTES,
    ROOT,
    JsonValue,
    Meta,
    NodeKind,
    State,
)

_KEYS: Final = ("iteration", "total", "completion", "status", "message", "error", "state")
_FAILED_WORDS: Final[dict[NodeKind, tuple[str, ...]]] = {
    "child": ("ERROR",),
    "parent": ("ERROR", "FAILURE"),
}


class ChildFailed(InceptionError):
    """`Outcome.value` of a child that did not succeed; its message is the child's error.

    `outcome` is the child's whole outcome (None on an error rebuilt from a stored result).
    """

    code = "child_failed"

    def __init__(self, message: str, outcome: Outcome | None = None) -> None:
        super().__init__(message)
        self.outcome = outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Mapping[str, Any]):
    """The meta a task ended with, plus its value; the same shape however it ended.

    Reads as the meta mapping: `outcome["error"]`, `outcome["iteration"]`, …, `outcome["state"]`.
    `returned` is what the task returned, whether that counts as a failure or not.
    """

    state: State
    meta: Meta
    returned: JsonValue = None
    traceback: str | None = None
    task_id: str = ""
    path: str = ROOT

    @property
    def ok(self) -> bool:
        """True if the task succeeded; false if it failed, was revoked, lost or timed out."""
        return self.state == State.SUCCESS and self.meta["error"] is None

    @property
    def error(self) -> str | None:
        """What went wrong; None exactly if `ok`."""
        if self.ok:
            return None
        return self.meta["error"] or f"The task ended {self.state}."

    @property
    def value(self) -> Any:
        """What the task returned, as it came back from JSON. Raises ChildFailed unless `ok`."""
        if not self.ok:
            raise ChildFailed(str(self.error), self)
        return self.returned

    def __getitem__(self, key: str) -> Any:
        if key == "state":
            return self.state.value
        if key == "error":
            return self.error
        return dict(self.meta)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(_KEYS)

    def __len__(self) -> int:
        return len(_KEYS)

    def __bool__(self) -> bool:
        """True, as any object that isn't empty; ask `ok` whether it went well."""
        return True


def describe_exception(name: str, exception: BaseException) -> str:
    """The error text of the task `name` whose body raised `exception`.

    Its class is named where the text alone would tell nothing: SystemExit and its like, an empty
    text, and a `__str__` that raises.
    """
    kind = type(exception).__name__
    try:
        said = str(exception)
    except Exception:  # noqa: BLE001 - a stranger's __str__ may raise anything
        said = ""
    if not isinstance(exception, Exception) and said:
        said = f"{kind}: {said}"
    return cut(f"Error in {name}: {said or kind}", MAX_ERROR_BYTES)


def judge(value: object, kind: NodeKind = "child") -> str | None:
    """Return the error if `value` is a returned failure, None if it is a success.

    A child that returns a mapping with `status` `ERROR` and an `error` has failed, whatever
    Celery says; a parent also with `status` `FAILURE`, and without an `error`.
    """
    if not isinstance(value, Mapping) or value.get("status") not in _FAILED_WORDS[kind]:
        return None
    error = value.get("error")
    if error is None or error is False or error == "":
        return f"The task returned the status {value['status']}." if kind == "parent" else None
    return cut(str(error), MAX_ERROR_BYTES)


def end_meta(last: Meta | None, value: object, error: str | None) -> Meta:
    """The meta a task ends with: its last word, settled by how it ended.

    `last` is what it said last (None: nothing). A returned mapping that reads as a meta (it has
    a `status` and one of meta's numbers or texts) is its last word. Status becomes `OK` or
    `ERROR`; completion 100 at success.
    """
    said = read_meta(value) if _is_meta(value) else (last or empty_meta())
    settled = said.copy()
    settled["status"] = "OK" if error is None else "ERROR"
    settled["error"] = error
    if error is None:
        settled["completion"] = 100.0
    return settled


def _is_meta(value: object) -> bool:
    if not isinstance(value, Mapping) or not isinstance(value.get("status"), str):
        return False
    return any(key in value for key in ("iteration", "current", "total", "completion", "message"))
