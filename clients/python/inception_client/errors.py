"""What a client raises. Everything is a ClientError; a time-out of the caller's is TimeoutError."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from inception_client.records import ProblemRecord, RunRecord

TRANSIENT_CODES: Final = frozenset({"store_unavailable", "too_many_requests"})


class ClientError(Exception):
    """Whatever went wrong between this program and the server, or in the run."""


class Refused(ClientError):
    """The server answered, and refused: `code` is a word of the protocol.

    `status` is the HTTP status, 0 on a socket. `fields` names the arguments that do not fit, each
    with `path` and `message`.
    """

    def __init__(self, problem: ProblemRecord, status: int = 0) -> None:
        self.code: str = problem["code"]
        self.status = status
        self.fields: Sequence[dict[str, str]] = problem.get("fields", ())
        named = "".join(f"; {field['path']} {field['message']}" for field in self.fields)
        super().__init__(f"{self.code}: {problem['message']}{named}")

    @property
    def is_transient(self) -> bool:
        """True if the same question may be answered a little later."""
        return self.code in TRANSIENT_CODES


class Unreachable(ClientError):
    """The server did not answer, or not in time. The message says for how long it was tried."""


class RunFailed(ClientError):
    """The run ended, and not well: `error` is what the run says, `traceback` its traceback."""

    def __init__(self, run: RunRecord) -> None:
        self.run = run
        self.run_id = run["id"]
        self.state = run["state"]
        self.error = run["meta"]["error"]
        self.traceback = run["traceback"]
        super().__init__(f"The run {self.run_id} ended {self.state}: {self.error or 'no reason'}")


class RunGone(ClientError):
    """The run was deleted while it was watched."""


class NotEnded(ClientError):
    """The run goes on: iterate over it to its end, or wait for it, before asking for its value."""
