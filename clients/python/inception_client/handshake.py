"""What both kinds of connection say to the server, and make of what it refuses. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inception_client.errors import Refused, WrongServer, no_answer
from inception_client.following import Question
from inception_client.messages import Broken, Lost


def end_of_connection(url: str, told: Sequence[Any], error: Exception | None) -> Lost | Broken:
    """Whether another attempt is worth it. `told` is what `connect_error` was told."""
    refusal = refusal_of(told[-1]) if told else None
    if refusal is not None and not refusal.is_transient:
        return Broken(refusal)
    problem = None if error is None else no_answer(url, error)
    if isinstance(problem, WrongServer):
        return Broken(problem)
    return Lost(str(refusal or error or "the connection was lost"))


def refusal_of(told: Any) -> Refused | None:
    """The server's refusal in a `connect_error`; None if it says nothing of the kind."""
    inner = told.get("data") if isinstance(told, dict) else None
    problem = inner.get("error") if isinstance(inner, dict) else None
    if isinstance(problem, dict) and "code" in problem:
        return Refused({"message": "", **problem})  # type: ignore[typeddict-item]
    return None


def payload_of(run_id: str, question: Question) -> dict[str, Any]:
    """What `watch` is sent with: the position, if there is one."""
    known = question.position
    position = {} if known is None else {"epoch": known.epoch, "seq": known.seq}
    return {"run_id": run_id, **position}
