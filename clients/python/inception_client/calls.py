"""The calls of the REST interface: what is sent, what is answered, when it is tried again. Pure."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from inception_client.errors import ClientError, Refused, Unreachable, WrongServer
from inception_client.records import JsonValue

CALL_WITHIN: Final = 15.0
"""Seconds (s) until a call counts as unanswered."""
LONGEST_PAUSE: Final = 15.0
"""Seconds (s) between two tries at most."""
_PREFIX: Final = "/api/v1"
_ROOT_IN_ADDRESS: Final = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. `repeatable`: it may be sent twice and does what it says once."""

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True


def start(
    name: str,
    kwargs: Mapping[str, JsonValue],
    label: str | None,
    tags: Iterable[str],
    idempotency_key: str | None,
) -> Call:
    """Start a run. Without a key one is made up, so that a lost answer starts no second run."""
    body = {"name": name, "kwargs": dict(kwargs), "label": label, "tags": list(tags)}
    headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
    return Call(method="POST", path="/runs", body=body, headers=headers)


def snapshot(run_id: str) -> Call:
    """A whole run."""
    return Call(method="GET", path=_run(run_id))


def node(run_id: str, path: str) -> Call:
    """A node whole, whatever was too large for events; "" is the run itself."""
    return Call(method="GET", path=f"{_run(run_id)}/nodes/{path or _ROOT_IN_ADDRESS}")


def log(run_id: str, path: str) -> Call:
    """What a node's attempt printed and logged."""
    return Call(method="GET", path=f"{_run(run_id)}/nodes/{path or _ROOT_IN_ADDRESS}/log")


def revoke(run_id: str, path: str, reason: str | None) -> Call:
    """Ask a run, or what is under a path, to stop. Asking twice is asking once."""
    body = {**({"path": path} if path else {}), **({"reason": reason} if reason else {})}
    return Call(method="POST", path=f"{_run(run_id)}/revoke", body=body)


def retry(run_id: str) -> Call:
    """Let a run that ended badly go on. Twice would be refused, whoever was first."""
    return Call(method="POST", path=f"{_run(run_id)}/retry", body={}, repeatable=False)


def rerun(run_id: str, kwargs: Mapping[str, JsonValue] | None) -> Call:
    """Start the same again. Twice would start two."""
    body = {} if kwargs is None else {"kwargs": dict(kwargs)}
    return Call(method="POST", path=f"{_run(run_id)}/rerun", body=body, repeatable=False)


def delete(run_id: str) -> Call:
    """Remove an ended run. Twice would be refused: it is gone."""
    return Call(method="DELETE", path=_run(run_id), repeatable=False)


def runs(filters: Mapping[str, object], cursor: str | None, limit: int) -> Call:
    """A page of runs, newest first."""
    query = [("limit", str(limit)), *(("cursor", cursor) for _ in [0] if cursor)]
    for name, value in filters.items():
        several = value if isinstance(value, (list, tuple, set, frozenset)) else [value]
        query += [(name, str(each)) for each in several if each is not None]
    return Call(method="GET", path="/runs", query=[(key, str(value)) for key, value in query])


def parents() -> Call:
    """What can be started."""
    return Call(method="GET", path="/parents")


def workers() -> Call:
    """Who works, and the queues."""
    return Call(method="GET", path="/workers")


def address_of(base: str, call: Call) -> str:
    """The call's whole address, without its query."""
    return f"{base}{_PREFIX}{call.path}"


def headers_of(call: Call, token: str | None) -> dict[str, str]:
    """What is sent with it."""
    signed = {} if token is None else {"Authorization": f"Bearer {token}"}
    return {"Accept": "application/json", **call.headers, **signed}


def read_answer(url: str, status: int, text: str) -> Any:
    """The answer's JSON. Raises Refused in the words of the server at `url`.

    Where the answer isn't ours: Unreachable if a proxy may have given it while the server was away,
    else WrongServer.
    """
    try:
        answer = json.loads(text) if text else None
    except ValueError:
        answer = None
    if status < HTTPStatus.BAD_REQUEST and (answer is not None or status == HTTPStatus.NO_CONTENT):
        return answer
    problem = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(problem, dict) and "code" in problem:
        raise Refused({"message": "", **problem}, status)  # type: ignore[typeddict-item]
    other = f"Something else than Inception answered at {url}, with status {status}"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.NOT_IMPLEMENTED:
        raise Unreachable(f"{other}.")
    raise WrongServer(f"{other}: correct the address.")


class Tries:
    """When a call is made again: after 1 s, 2, 4, … 15 s, for `patience` seconds (s)."""

    def __init__(self, call: Call, patience: float, now: float) -> None:
        self._call = call
        self._until = now + patience
        self._made = 0

    def pause_after(self, problem: ClientError, now: float) -> float:
        """Seconds (s) until the next try. Raises the problem if there is to be none."""
        pause = min(LONGEST_PAUSE, 2.0**self._made)
        self._made += 1
        if not self._is_worth_another(problem) or now + pause > self._until:
            raise problem
        return pause

    def _is_worth_another(self, problem: ClientError) -> bool:
        if isinstance(problem, Refused):
            was_not_done = problem.status == HTTPStatus.TOO_MANY_REQUESTS
            return problem.is_transient and (self._call.repeatable or was_not_done)
        return isinstance(problem, Unreachable) and self._call.repeatable


def _run(run_id: str) -> str:
    return f"/runs/{quote(run_id, safe='')}"
