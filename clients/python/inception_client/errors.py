"""What a client raises. Everything is a ClientError; a time-out of the caller's is TimeoutError."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Final

from inception_client.records import ProblemRecord, RunRecord

TRANSIENT_CODES: Final = frozenset({"store_unavailable", "too_many_requests"})
_DISTRUST: Final = "CERTIFICATE_VERIFY_FAILED"
"""OpenSSL's word, which the libraries in between keep somewhere in what they raise."""


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


class WrongServer(ClientError):
    """The address leads to something else, or to a certificate that isn't trusted.

    Said at once: to wait would not help.
    """


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


def no_answer(url: str, error: BaseException) -> Unreachable | WrongServer:
    """What to raise where an attempt to speak to the server has failed."""
    for cause in reversed(list(_causes(error))):  # the innermost says it in the fewest words
        if _DISTRUST in str(cause):
            return WrongServer(f"The certificate of {url} is not trusted: {cause}")
        # Where a websocket was refused, requests' neighbour and aiohttp call the status so.
        if HTTPStatus.NOT_FOUND in (getattr(cause, "status_code", 0), getattr(cause, "status", 0)):
            return WrongServer(f"Something else than Inception answered at {url}, with status 404.")
    return Unreachable(f"{url} did not answer: {error}")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and those that it came of."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
